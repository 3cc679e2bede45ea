"""A request's numbers as CSV: safe in a spreadsheet, and taken in again unchanged."""

import csv
import io
from collections.abc import Iterable
from typing import Final, NamedTuple

from libs.common.formulas import with_mark
from libs.contracts.phone_number import PhoneNumber

_HEADINGS: Final = (
    "Tracking number",
    "Forwarding number",
    "Name",
    "Source",
    "Company",
    "Account number",
    "Billing number",
)


class ExportedLine(NamedTuple):
    """As a number list has it; a PIN is never part of it."""

    tracking_number: PhoneNumber
    forwarding_number: PhoneNumber
    name: str
    source: str
    company: str
    account_number: str
    billing_number: str


def write_heading() -> bytes:
    """With the byte order mark by which spreadsheets know UTF-8."""
    return _write([_HEADINGS]).encode("utf-8-sig")


def write_lines(lines: Iterable[ExportedLine]) -> bytes:
    """Numbers are of our own making, `+` and digits: only texts are marked."""
    return _write(
        line._replace(
            name=with_mark(line.name),
            source=with_mark(line.source),
            company=with_mark(line.company),
            account_number=with_mark(line.account_number),
        )
        for line in lines
    ).encode()


def _write(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
