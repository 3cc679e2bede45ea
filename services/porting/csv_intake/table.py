"""From a CSV file's bytes to rows of named cells."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from libs.contracts.refusals import UserErrorCode
from services.porting.domain.refusals.lines import RowFault

COLUMNS: Final = ("tracking_number", "forwarding_number", "name", "source", "company")
OPTIONAL_COLUMNS: Final = ("account_number", "pin", "billing_number")
_BY_HEADING: Final = {name.replace("_", ""): name for name in (*COLUMNS, *OPTIONAL_COLUMNS)}
_BYTE_ORDER_MARKS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_LINE_END: Final = re.compile(r"[\r\n]")


@dataclass(frozen=True, kw_only=True)
class Row:
    """`number` is the row's in a spreadsheet: the heading is 1, empty rows count.

    `has_more` where there are cells beside the columns that the heading names.
    """

    number: int
    cells: Mapping[str, str]
    has_more: bool


class Unreadable(Exception):
    """The file as a whole is no number list."""

    def __init__(self, *faults: RowFault) -> None:
        super().__init__()
        self.faults = faults


def read_rows(content: bytes, *, most_rows: int) -> list[Row]:
    """Raises `Unreadable`."""
    rows = list(_read_rows(_decode(content), most_rows))
    if not rows:
        raise Unreadable(
            RowFault(UserErrorCode.CSV_EMPTY, "The file has no rows below the heading.", row=1)
        )
    return rows


def _decode(content: bytes) -> str:
    """UTF-8 with or without a byte order mark, and UTF-16 as Excel writes it."""
    encoding = next(
        (name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8-sig"
    )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(
            RowFault(
                UserErrorCode.CSV_UNREADABLE,
                "Save the file as CSV in UTF-8: its text cannot be read.",
                row=1,
            )
        ) from error
    if "\x00" in text:
        raise Unreadable(
            RowFault(UserErrorCode.CSV_UNREADABLE, "This is not a text file.", row=1)
        )
    return text


def _read_rows(text: str, most_rows: int) -> Iterator[Row]:
    heading = _LINE_END.split(text, maxsplit=1)[0]
    delimiter = max(",;\t", key=heading.count)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number, count = 1, 0
    try:
        names = _read_heading(next(records, []))
        for number, cells in enumerate(records, start=2):
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            count += 1
            if count > most_rows:
                raise Unreadable(
                    RowFault(
                        UserErrorCode.TOO_MANY_LINES,
                        f"A file may have at most {most_rows} rows.",
                        row=number,
                    )
                )
            yield _row(number, names, values)
    except csv.Error as error:
        raise Unreadable(
            RowFault(
                UserErrorCode.CSV_UNREADABLE,
                "This row cannot be read: a quotation mark is not closed, or a cell is too long.",
                row=number + 1,
            )
        ) from error


def _row(number: int, names: Sequence[str], values: list[str]) -> Row:
    padded = [*values, *[""] * (len(names) - len(values))]
    more = [value for name, value in zip(names, padded, strict=False) if not name]
    return Row(
        number=number,
        cells={name: value for name, value in zip(names, padded, strict=False) if name},
        has_more=any(more) or any(padded[len(names) :]),
    )


def _read_heading(cells: Sequence[str]) -> list[str]:
    """The columns' names in the file's order, empty for a cell that is."""
    headings = [cell.strip() for cell in cells]
    names = [_BY_HEADING.get(_plain(heading), "") for heading in headings]
    missing = [
        _column_fault(UserErrorCode.CSV_COLUMN_MISSING, f"The column {name} is missing.", name)
        for name in COLUMNS
        if name not in names
    ]
    doubled = [
        _column_fault(
            UserErrorCode.CSV_COLUMN_UNKNOWN,
            f"The column {name} stands in the heading twice.",
            name,
        )
        for name, count in Counter(names).items()
        if name and count > 1
    ]
    unknown = [
        _column_fault(
            UserErrorCode.CSV_COLUMN_UNKNOWN,
            "This column means nothing here: correct its name, or remove it.",
            heading[:40],
        )
        for heading, name in zip(headings, names, strict=True)
        if heading and not name
    ]
    if faults := [*missing, *doubled, *unknown]:
        raise Unreadable(*faults)
    return names


def _plain(heading: str) -> str:
    """Case, spaces and underscores do not matter."""
    return "".join(heading.replace("_", " ").lower().split())


def _column_fault(code: UserErrorCode, message: str, column: str) -> RowFault:
    return RowFault(code, message, row=1, column=column)
