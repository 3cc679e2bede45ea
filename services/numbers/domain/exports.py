"""The inventory as CSV: safe in a spreadsheet, its first columns as number lists have them."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from libs.common.formulas import with_mark
from services.numbers.domain.tracking_numbers import TrackingNumber

_HEADINGS: Final = (
    "Tracking number",
    "Forwarding number",
    "Name",
    "Source",
    "Company",
    "State",
    "Ported at",
    "First called at",
    "Disabled at",
)


def write_heading() -> bytes:
    """With the byte order mark by which spreadsheets know UTF-8."""
    return _write([_HEADINGS]).encode("utf-8-sig")


def write_numbers(
    numbers: Iterable[TrackingNumber], company_names: Mapping[str, str]
) -> bytes:
    """Numbers, states and times are of our own making: only texts are marked."""
    return _write(
        (
            number.phone_number,
            number.forwarding_number,
            with_mark(number.name),
            with_mark(number.source),
            with_mark(company_names.get(number.company_id, "")),
            number.state,
            _write_time(number.ported_at),
            _write_time(number.first_called_at),
            _write_time(number.disabled_at),
        )
        for number in numbers
    ).encode()


def _write_time(time: datetime | None) -> str:
    return "" if time is None else time.isoformat(timespec="seconds")


def _write(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
