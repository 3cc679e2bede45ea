"""From a CSV file's bytes to rows of cells, in the ways in which spreadsheets write them."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final, NamedTuple, TextIO

from libs.common.formulas import without_mark
from libs.contracts.refusals import UserErrorCode
from services.porting.domain.line_rules import UNSEEN, LineTexts, trim
from services.porting.domain.refusals.lines import RowFault
from services.porting.list_intake.headings import Heading, read_heading

_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Of any spreadsheet.
_LAST_ROW: Final = 1_048_576
_EMPTY: Final = ("",)
_DELIMITERS: Final = ",;\t"
# Excel's own first line: it is not shown, and not counted.
_DELIMITER_LINE: Final = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE | re.DOTALL)
# The reader's limit on one cell, plus the quotes around it, is far below this.
_LONGEST_LINE: Final = 1_000_000


class Row(NamedTuple):
    """`number` is the row's in a spreadsheet: the heading is 1, empty rows count.

    `has_more` where there are cells beside the columns that the heading names.
    """

    number: int
    texts: LineTexts
    has_more: bool


class Table(NamedTuple):
    heading: Heading
    rows: Iterator[Row]


class Unreadable(Exception):
    """The file is no number list, from this row on."""

    def __init__(self, code: UserErrorCode, sentence: str, *, row: int) -> None:
        super().__init__()
        self.fault = RowFault(code, sentence, row=row)


def open_table(content: bytes) -> Table:
    """Raises `Unreadable`, also while its rows are read."""
    text = io.TextIOWrapper(io.BytesIO(content), _find_encoding(content), newline="")
    first = text.readline(_LONGEST_LINE)
    told = _DELIMITER_LINE.fullmatch(first)
    if told:
        first = text.readline(_LONGEST_LINE)
    delimiter = told.group(1) if told else max(_DELIMITERS, key=first.count)
    try:
        records = csv.reader(_lines(first, text), delimiter=delimiter, strict=True)
    except (TypeError, ValueError) as error:
        raise Unreadable(
            UserErrorCode.CSV_UNREADABLE, "No file is divided by this character.", row=1
        ) from error
    try:
        heading = read_heading(next(records, []))
    except csv.Error as error:
        raise _unreadable_row(1) from error
    rows = _read_rows(records, heading)
    return Table(heading, map(_without_marks, rows) if b"'" in content else rows)


def _find_encoding(content: bytes) -> str:
    """UTF-8 with or without a byte order mark, and UTF-16 as Excel writes it."""
    encoding = "utf-16" if content.startswith(_UTF16_MARKS) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(
            UserErrorCode.CSV_UNREADABLE,
            "Save the file as CSV in UTF-8, or as XLSX: its text cannot be read.",
            row=1,
        ) from error
    if "\0" in text:
        raise Unreadable(UserErrorCode.CSV_UNREADABLE, "This is not a text file.", row=1)
    return encoding


def _lines(first: str, rest: TextIO) -> Iterator[str]:
    yield first
    yield from rest


def _read_rows(records: Iterator[list[str]], heading: Heading) -> Iterator[Row]:
    width, pick, unnamed = heading.width, heading.pick, heading.unnamed
    number = 1
    try:
        for number, cells in enumerate(records, start=2):
            if not any(cells):
                if number > _LAST_ROW:
                    break
                continue
            has_more = (len(cells) > width or unnamed) and _has_more(cells, width, unnamed)
            # The place beyond the heading is empty.
            del cells[width:]
            cells.extend(_EMPTY * (width + 1 - len(cells)))
            texts = LineTexts._make(map(str.strip, pick(cells), repeat(UNSEEN)))
            if has_more or any(texts):
                yield Row(number, texts, bool(has_more))
    except csv.Error as error:
        raise _unreadable_row(number + 1) from error


def _without_marks(row: Row) -> Row:
    return row._replace(texts=LineTexts._make(map(without_mark, row.texts)))


def _has_more(cells: list[str], width: int, unnamed: Sequence[int]) -> bool:
    more = [cells[place] for place in unnamed if place < len(cells)]
    return any(map(trim, [*cells[width:], *more]))


def _unreadable_row(number: int) -> Unreadable:
    return Unreadable(
        UserErrorCode.CSV_UNREADABLE,
        "This row cannot be read: a quotation mark is not closed, or a cell is too long.",
        row=number,
    )
