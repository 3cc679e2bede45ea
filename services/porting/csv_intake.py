"""From a CSV file's bytes to lines: every fault of the file in one answer, each with its place."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from libs.common.ids import new_id
from libs.contracts.phone_number import InvalidPhoneNumberError, PhoneNumber
from libs.contracts.refusals import Refusal, UserErrorCode
from services.porting.domain.numbers import Portability, judge
from services.porting.domain.refusals import RowFault
from services.porting.store.lines import NewLine

COLUMNS: Final = ("tracking_number", "forwarding_number", "name", "source", "company")
_LONGEST_CELL: Final = 200
_SHOWN_OF_A_CELL: Final = 40
_BYTE_ORDER_MARKS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, kw_only=True)
class Rules:
    """`companies` maps an account's company names, lower-cased, to their ids."""

    most_rows: int
    allow_fictional: bool
    companies: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Row:
    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class NumberedLine:
    """A line and the row of the file that it comes from."""

    row: int
    line: NewLine


_REASONS: Final[Mapping[Portability, tuple[UserErrorCode, str]]] = {
    Portability.BY_SUPPORT: (
        UserErrorCode.COUNTRY_NOT_SUPPORTED,
        "Australian and British numbers are ported by our support team: contact them.",
    ),
    Portability.OTHER_COUNTRY: (
        UserErrorCode.INVALID_PHONE_NUMBER,
        "Only United States and Canadian numbers can be ported here.",
    ),
    Portability.PREMIUM: (
        UserErrorCode.NUMBER_NOT_PORTABLE,
        "Premium numbers cannot be ported.",
    ),
    Portability.FICTIONAL: (
        UserErrorCode.NUMBER_NOT_PORTABLE,
        "This number is reserved for fiction: nobody owns it.",
    ),
}


def read_lines(content: bytes, rules: Rules) -> tuple[list[NumberedLine], list[Refusal]]:
    """All lines that are good, and all faults; a file with faults is to be refused whole."""
    try:
        rows = list(_read_rows(_decode(content), rules))
    except _Unreadable as unreadable:
        return [], list(unreadable.faults)
    lines: list[NumberedLine] = []
    faults: list[Refusal] = []
    for row in rows:
        line = _read_line(row, rules, faults)
        if line is not None:
            lines.append(NumberedLine(row=row.number, line=line))
    faults += _find_duplicates(lines)
    faults += _find_loops(lines)
    return lines, sorted(faults, key=lambda fault: getattr(fault, "row", 0))


class _Unreadable(Exception):
    def __init__(self, *faults: RowFault) -> None:
        super().__init__()
        self.faults = faults


def _decode(content: bytes) -> str:
    """UTF-8 with or without a byte order mark, and UTF-16 as Excel writes it."""
    encoding = next(
        (name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8-sig"
    )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _Unreadable(
            RowFault(
                UserErrorCode.CSV_UNREADABLE,
                "Save the file as CSV in UTF-8: its text cannot be read.",
                row=1,
            )
        ) from error
    if "\x00" in text:
        raise _Unreadable(
            RowFault(UserErrorCode.CSV_UNREADABLE, "This is not a text file.", row=1)
        )
    return text


def _read_rows(text: str, rules: Rules) -> Iterator[Row]:
    heading, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [_column_name(cell) for cell in next(reader, [])]
        _refuse_columns(names)
        count = 0
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > rules.most_rows:
                raise _Unreadable(
                    RowFault(
                        UserErrorCode.TOO_MANY_LINES,
                        f"A file may have at most {rules.most_rows} rows.",
                        row=reader.line_num,
                    )
                )
            values = [cell.strip() for cell in cells] + [""] * (len(names) - len(cells))
            yield Row(number=reader.line_num, cells=dict(zip(names, values, strict=False)))
        if count == 0:
            raise _Unreadable(
                RowFault(
                    UserErrorCode.CSV_EMPTY, "The file has no rows below the heading.", row=1
                )
            )
    except csv.Error as error:
        raise _Unreadable(
            RowFault(
                UserErrorCode.CSV_UNREADABLE,
                "This row cannot be read: a quotation mark is not closed, or a cell is too long.",
                row=max(1, reader.line_num),
            )
        ) from error


def _column_name(cell: str) -> str:
    return "_".join(cell.replace("_", " ").lower().split())


def _refuse_columns(names: Sequence[str]) -> None:
    missing = [
        RowFault(
            UserErrorCode.CSV_COLUMN_MISSING,
            f"The column {column} is missing.",
            row=1,
            column=column,
        )
        for column in COLUMNS
        if column not in names
    ]
    doubled = [
        RowFault(
            UserErrorCode.CSV_COLUMN_UNKNOWN,
            f"The column {column} stands in the heading twice.",
            row=1,
            column=column,
        )
        for column, count in Counter(names).items()
        if count > 1 and column in COLUMNS
    ]
    if missing or doubled:
        raise _Unreadable(*missing, *doubled)


def _read_line(row: Row, rules: Rules, faults: list[Refusal]) -> NewLine | None:
    before = len(faults)
    for column in COLUMNS:
        text = row.cells[column]
        if not text:
            faults.append(
                RowFault(
                    UserErrorCode.CSV_VALUE_MISSING,
                    f"Fill in {column}.",
                    row=row.number,
                    column=column,
                )
            )
        elif len(text) > _LONGEST_CELL:
            faults.append(
                _fault(
                    UserErrorCode.TOO_LONG,
                    f"This may have at most {_LONGEST_CELL} characters.",
                    row,
                    column,
                )
            )
    tracking = _read_number(row, "tracking_number", faults)
    forwarding = _read_number(row, "forwarding_number", faults)
    if tracking is not None:
        portability = judge(tracking, allow_fictional=rules.allow_fictional)
        if portability is not Portability.PORTABLE:
            code, message = _REASONS[portability]
            faults.append(_fault(code, message, row, "tracking_number"))
    company_id = rules.companies.get(row.cells["company"].casefold())
    if company_id is None and row.cells["company"]:
        faults.append(
            _fault(
                UserErrorCode.UNKNOWN_COMPANY,
                "The account has no such company.",
                row,
                "company",
            )
        )
    if len(faults) > before or tracking is None or forwarding is None or company_id is None:
        return None
    return NewLine(
        id=new_id("ln"),
        tracking_number=tracking,
        forwarding_number=forwarding,
        name=row.cells["name"],
        source=row.cells["source"],
        company_id=company_id,
    )


def _read_number(row: Row, column: str, faults: list[Refusal]) -> PhoneNumber | None:
    text = row.cells[column]
    if not text or len(text) > _LONGEST_CELL:
        return None
    try:
        return PhoneNumber.parse(text)
    except InvalidPhoneNumberError as error:
        damaged = "spreadsheet" in str(error)
        code = (
            UserErrorCode.CSV_SCIENTIFIC_NUMBER
            if damaged
            else UserErrorCode.INVALID_PHONE_NUMBER
        )
        faults.append(_fault(code, str(error), row, column))
        return None


def _find_duplicates(lines: Sequence[NumberedLine]) -> Iterator[RowFault]:
    first_row: dict[str, int] = {}
    for numbered in lines:
        number = numbered.line.tracking_number
        if number in first_row:
            yield RowFault(
                UserErrorCode.DUPLICATE_NUMBER,
                f"Rows {first_row[number]} and {numbered.row} name the same number.",
                row=numbered.row,
                column="tracking_number",
                value=number,
            )
        first_row.setdefault(number, numbered.row)


def _find_loops(lines: Sequence[NumberedLine]) -> Iterator[RowFault]:
    """A number that is being ported cannot be forwarded to: it would ring itself (S25)."""
    ported = {numbered.line.tracking_number for numbered in lines}
    for numbered in lines:
        if numbered.line.forwarding_number in ported:
            yield loop_fault(numbered)


def loop_fault(numbered: NumberedLine) -> RowFault:
    return RowFault(
        UserErrorCode.FORWARDING_LOOP,
        "Forward to a number outside: this one is, or will be, a tracking number itself.",
        row=numbered.row,
        column="forwarding_number",
        value=numbered.line.forwarding_number,
    )


def taken_fault(numbered: NumberedLine, *, is_ours: bool) -> RowFault:
    """Tells nothing of who has the number."""
    code = UserErrorCode.INTERNAL_PORT if is_ours else UserErrorCode.NUMBER_ALREADY_CLAIMED
    message = (
        "This number is in our inventory already: it moves without a port."
        if is_ours
        else "This number is part of another open port request."
    )
    return RowFault(
        code,
        message,
        row=numbered.row,
        column="tracking_number",
        value=numbered.line.tracking_number,
    )


def _fault(code: UserErrorCode, message: str, row: Row, column: str) -> RowFault:
    value = row.cells[column][:_SHOWN_OF_A_CELL]
    return RowFault(code, message, row=row.number, column=column, value=value)
