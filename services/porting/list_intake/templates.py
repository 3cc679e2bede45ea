"""The empty number list that customers fill in (S39), as CSV and as a workbook."""

import csv
import io
from typing import Final

from services.porting.domain.line_rules import LineTexts

HEADINGS: Final = (
    "Tracking number",
    "Forwarding number",
    "Name",
    "Source",
    "Company",
    "Account number",
    "PIN",
    "Billing number",
)
# Where somebody leaves it in their file it is passed over.
EXAMPLE: Final = LineTexts(
    tracking_number="(212) 555-0142",
    forwarding_number="(312) 555-0142",
    name="Example: Spring flyer",
    source="Example: Flyer",
    company="Example: My company",
    account_number="123456",
    pin="NO PIN REQUIRED",
    billing_number="(212) 555-0143",
)


def write_csv() -> bytes:
    """With a byte order mark: without one spreadsheets take UTF-8 for something else."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows((HEADINGS, EXAMPLE))
    return text.getvalue().encode("utf-8-sig")
