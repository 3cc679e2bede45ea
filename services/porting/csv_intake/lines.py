"""From rows to lines: every fault of the file in one answer, each with its place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from libs.common.ids import new_id
from libs.contracts.company_names import company_key
from libs.contracts.phone_number import InvalidPhoneNumberError, PhoneNumber
from libs.contracts.refusals import UserErrorCode
from services.porting.csv_intake.table import COLUMNS, Row, Unreadable, read_rows
from services.porting.domain.numbers import Portability, judge
from services.porting.domain.pins import PinAnswer, read_pin_answer
from services.porting.domain.refusals.letters import PinNotPossible
from services.porting.domain.refusals.lines import RowFault
from services.porting.store.lines import NewLine

_LONGEST_CELL: Final = 200
_SHOWN_OF_A_CELL: Final = 40


@dataclass(frozen=True, kw_only=True)
class Rules:
    """`companies` maps an account's company names, case-folded, to their ids."""

    most_rows: int
    allow_fictional: bool
    companies: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ReadRow:
    """What could be read of a row; `line` only where nothing is wrong within it."""

    number: int
    tracking_number: PhoneNumber | None
    forwarding_number: PhoneNumber | None
    line: NewLine | None


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


def read_lines(content: bytes, rules: Rules) -> tuple[list[ReadRow], list[RowFault]]:
    """A file with faults is to be refused whole."""
    try:
        rows = read_rows(content, most_rows=rules.most_rows)
    except Unreadable as unreadable:
        return [], list(unreadable.faults)
    faults: list[RowFault] = []
    read = [_read_row(row, rules, faults) for row in rows]
    faults += _find_duplicates(read)
    faults += _find_loops(read)
    return read, faults


def _read_row(row: Row, rules: Rules, faults: list[RowFault]) -> ReadRow:
    before = len(faults)
    faults += _find_missing(row)
    tracking = _read_number(row, "tracking_number", faults)
    forwarding = _read_number(row, "forwarding_number", faults)
    if tracking is not None:
        portability = judge(tracking, allow_fictional=rules.allow_fictional)
        if portability is not Portability.PORTABLE:
            code, message = _REASONS[portability]
            faults.append(_fault(code, message, row, "tracking_number"))
    company = row.cells["company"]
    company_id = rules.companies.get(company_key(company))
    if company_id is None and company:
        message = "The account has no such company."
        faults.append(_fault(UserErrorCode.UNKNOWN_COMPANY, message, row, "company"))
    line = None
    if len(faults) == before and tracking and forwarding and company_id:
        line = NewLine(
            id=new_id("ln"),
            tracking_number=tracking,
            forwarding_number=forwarding,
            name=row.cells["name"],
            source=row.cells["source"],
            company_id=company_id,
        )
    return ReadRow(
        number=row.number,
        tracking_number=tracking,
        forwarding_number=forwarding,
        line=line,
    )


def _find_missing(row: Row) -> Iterator[RowFault]:
    for column in COLUMNS:
        text = row.cells[column]
        if not text:
            message = f"Fill in {column}."
            yield _fault(UserErrorCode.CSV_VALUE_MISSING, message, row, column)
        elif len(text) > _LONGEST_CELL:
            message = f"This may have at most {_LONGEST_CELL} characters."
            yield _fault(UserErrorCode.TOO_LONG, message, row, column)
    if row.has_more:
        yield RowFault(
            UserErrorCode.CSV_UNREADABLE,
            "This row has more cells than the heading: put a text with commas in quotes.",
            row=row.number,
        )
    pin = row.cells.get("pin", "")
    if pin and read_pin_answer(pin)[0] is not PinAnswer.NOT_NEEDED:
        # The PIN itself is not said again.
        yield RowFault(
            PinNotPossible.code, PinNotPossible.sentence, row=row.number, column="pin"
        )


def _read_number(row: Row, column: str, faults: list[RowFault]) -> PhoneNumber | None:
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


def _find_duplicates(rows: Sequence[ReadRow]) -> Iterator[RowFault]:
    first_row: dict[str, int] = {}
    for row in rows:
        number = row.tracking_number
        if number is None:
            continue
        if number in first_row:
            yield RowFault(
                UserErrorCode.DUPLICATE_NUMBER,
                f"Rows {first_row[number]} and {row.number} name the same number.",
                row=row.number,
                column="tracking_number",
                value=number,
            )
        first_row.setdefault(number, row.number)


def _find_loops(rows: Sequence[ReadRow]) -> Iterator[RowFault]:
    """A number that is being ported cannot be forwarded to: it would ring itself (S25)."""
    ported = {row.tracking_number for row in rows if row.tracking_number}
    for row in rows:
        if row.forwarding_number in ported:
            yield loop_fault(row)


def loop_fault(row: ReadRow) -> RowFault:
    return RowFault(
        UserErrorCode.FORWARDING_LOOP,
        "Forward to a number outside: this one is, or will be, a tracking number itself.",
        row=row.number,
        column="forwarding_number",
        value=row.forwarding_number,
    )


def forwarded_to_fault(row: ReadRow) -> RowFault:
    """The other side of a loop: tells nothing of whose request it is."""
    return RowFault(
        UserErrorCode.FORWARDING_LOOP,
        "Another open port request forwards to this number: it cannot be ported itself.",
        row=row.number,
        column="tracking_number",
        value=row.tracking_number,
    )


def taken_fault(row: ReadRow, *, is_ours: bool) -> RowFault:
    """Tells nothing of who has the number."""
    code = UserErrorCode.INTERNAL_PORT if is_ours else UserErrorCode.NUMBER_ALREADY_CLAIMED
    message = (
        "This number is in our inventory already: it moves without a port."
        if is_ours
        else "This number is part of another open port request."
    )
    return RowFault(
        code, message, row=row.number, column="tracking_number", value=row.tracking_number
    )


def _fault(code: UserErrorCode, message: str, row: Row, column: str) -> RowFault:
    value = row.cells[column][:_SHOWN_OF_A_CELL] or None
    return RowFault(code, message, row=row.number, column=column, value=value)
