"""From rows to lines: every fault of the file in one answer, each with its place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from libs.common.ids import new_id
from libs.contracts.company_names import company_key
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import UserErrorCode
from services.porting.domain.line_rules import (
    LOOP,
    Flaw,
    LineRules,
    LineTexts,
    NewLine,
    Reading,
    find_flaws_with_others,
    read_line,
)
from services.porting.domain.refusals.lines import RowFault
from services.porting.list_intake.faults import Faults
from services.porting.list_intake.tables import Row, Table, Unreadable, open_table
from services.porting.list_intake.templates import EXAMPLE

_SHOWN_OF_A_CELL: Final = 40
# A row is asked for what a single line is asked for, in a file's words.
_CODES_OF_A_FILE: Final = {UserErrorCode.REQUIRED: UserErrorCode.CSV_VALUE_MISSING}
# A secret is not said again.
_NEVER_SHOWN: Final = frozenset({"pin"})


@dataclass(frozen=True, kw_only=True)
class Rules:
    """`companies` maps an account's company names, as `company_key` has them, to their ids."""

    most_rows: int
    allow_fictional: bool
    companies: Mapping[str, str]


class ReadRow(NamedTuple):
    """What could be read of a row; `line` only where nothing is wrong within it."""

    number: int
    tracking_number: PhoneNumber | None
    forwarding_number: PhoneNumber | None
    line: NewLine | None


@dataclass(kw_only=True)
class NumberListReading:
    """A file with faults is to be refused whole.

    `tracking` are the numbers that port, `outside` those that are forwarded to and are not
    ported by this file itself.
    """

    rows: Sequence[ReadRow] = ()
    tracking: Sequence[PhoneNumber] = ()
    outside: Sequence[PhoneNumber] = ()
    faults: Faults = field(default_factory=Faults)


def read_number_list(content: bytes, rules: Rules) -> NumberListReading:
    reading = NumberListReading()
    try:
        table = open_table(content)
    except Unreadable as unreadable:
        reading.faults.add([unreadable.fault])
        return reading
    reading.faults.add(table.heading.faults)
    if table.heading.is_one:
        _read_table(table, rules, reading)
    return reading


def _read_table(table: Table, rules: Rules, reading: NumberListReading) -> None:
    rows: list[ReadRow] = []
    reading.faults.add(_read_rows(table, rules, rows))
    reading.faults.add(_find_duplicates(rows))
    tracking = {row.tracking_number for row in rows if row.tracking_number}
    forwarding = {row.forwarding_number for row in rows if row.forwarding_number}
    # A number that is being ported cannot be forwarded to: it would ring itself (S25).
    looping = forwarding & tracking
    loop = Flaw("forwarding_number", UserErrorCode.FORWARDING_LOOP, LOOP)
    reading.faults.add(
        _fault_of_number(row, loop) for row in rows if row.forwarding_number in looping
    )
    reading.rows = rows
    # Not sorted: that would take a tenth of a second in which nothing else can run.
    reading.tracking = list(tracking)
    reading.outside = list(forwarding - tracking)


def _read_rows(table: Table, rules: Rules, read: list[ReadRow]) -> Iterator[RowFault]:
    """Fills `read` on its way."""
    line_rules = LineRules(
        allow_fictional=rules.allow_fictional,
        takes_pins=False,
        find_company=_Companies(rules.companies).find,
    )
    missing = table.heading.missing
    flaws: list[Flaw] = []
    try:
        for row in _take_rows(table, rules.most_rows):
            reading = read_line(row.texts, line_rules, flaws)
            if flaws or missing or row.has_more:
                yield from _tell(row, flaws, missing)
                flaws.clear()
                line = None
            else:
                line = _line(row.texts, reading)
            read.append(
                ReadRow(row.number, reading.tracking_number, reading.forwarding_number, line)
            )
    except Unreadable as unreadable:
        yield unreadable.fault


def _take_rows(table: Table, most: int) -> Iterator[Row]:
    count = 0
    for row in table.rows:
        if row.texts == EXAMPLE:
            continue
        count += 1
        if count > most:
            sentence = f"A file may have at most {most} rows."
            raise Unreadable(UserErrorCode.TOO_MANY_LINES, sentence, row=row.number)
        yield row
    if not count:
        sentence = "The file has no rows below the heading."
        raise Unreadable(UserErrorCode.CSV_EMPTY, sentence, row=1)


def _line(texts: LineTexts, reading: Reading) -> NewLine | None:
    if not (reading.tracking_number and reading.forwarding_number and reading.company_id):
        return None
    return NewLine(
        id=new_id("ln"),
        tracking_number=reading.tracking_number,
        forwarding_number=reading.forwarding_number,
        name=texts.name,
        source=texts.source,
        company_id=reading.company_id,
        account_number=texts.account_number or None,
        billing_number=reading.billing_number,
        pin_answer=texts.pin,
    )


class _Companies:
    """By name; how each name was written is compared once."""

    def __init__(self, by_key: Mapping[str, str]) -> None:
        self._by_key = by_key
        self._by_text: dict[str, str | None] = {}

    def find(self, text: str) -> str | None:
        try:
            return self._by_text[text]
        except KeyError:
            found = self._by_key.get(company_key(text))
            return self._by_text.setdefault(text, found)


def _tell(row: Row, flaws: Iterable[Flaw], missing: frozenset[str]) -> Iterator[RowFault]:
    """A column that is not there is told once, in the heading."""
    for flaw in flaws:
        if flaw.field not in missing:
            yield _fault(row, flaw)
    if row.has_more:
        yield RowFault(
            UserErrorCode.CSV_UNREADABLE,
            "This row has more cells than the heading: put a text with commas in quotes.",
            row=row.number,
        )


def _fault(row: Row, flaw: Flaw) -> RowFault:
    text = "" if flaw.field in _NEVER_SHOWN else getattr(row.texts, flaw.field)
    return RowFault(
        _CODES_OF_A_FILE.get(flaw.code, flaw.code),
        flaw.sentence,
        row=row.number,
        column=flaw.field,
        value=text[:_SHOWN_OF_A_CELL] or None,
    )


def _find_duplicates(rows: Sequence[ReadRow]) -> Iterator[RowFault]:
    first_row: dict[str, int] = {}
    for row in rows:
        number = row.tracking_number
        if number is None:
            continue
        first = first_row.setdefault(number, row.number)
        if first != row.number:
            sentence = f"Rows {first} and {row.number} name the same number."
            flaw = Flaw("tracking_number", UserErrorCode.DUPLICATE_NUMBER, sentence)
            yield _fault_of_number(row, flaw)


def find_faults_with_others(
    rows: Sequence[ReadRow],
    *,
    taken: Mapping[str, bool],
    forwarded_to: set[str],
    outside: set[str],
) -> Iterator[RowFault]:
    """`outside` are the numbers forwarded to that the file itself does not port."""
    for row in rows:
        forwarding = row.forwarding_number if row.forwarding_number in outside else None
        for flaw in find_flaws_with_others(
            row.tracking_number, forwarding, taken=taken, forwarded_to=forwarded_to
        ):
            yield _fault_of_number(row, flaw)


def _fault_of_number(row: ReadRow, flaw: Flaw) -> RowFault:
    return RowFault(
        flaw.code,
        flaw.sentence,
        row=row.number,
        column=flaw.field,
        value=getattr(row, flaw.field),
    )
