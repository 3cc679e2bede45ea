"""The heading of a number list: which column holds what."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from libs.contracts.refusals import UserErrorCode
from services.porting.domain.line_rules import REQUIRED, LineTexts
from services.porting.domain.refusals.lines import RowFault

_FIELDS: Final = LineTexts._fields
_BY_HEADING: Final = {name.replace("_", ""): name for name in _FIELDS}
_SHOWN_OF_A_HEADING: Final = 40


@dataclass(frozen=True, kw_only=True)
class Heading:
    """`pick` takes the fields' cells, in the order of `LineTexts`, of a row of `width` + 1 cells.

    The one beyond the width is empty: it stands for every column that is not there. `unnamed`
    are the places below no heading.
    """

    width: int
    pick: Callable[[Sequence[str]], tuple[Any, ...]]
    unnamed: Sequence[int]
    missing: frozenset[str]
    faults: Sequence[RowFault]

    @property
    def is_one(self) -> bool:
        """False for a first row that says nothing of what is below it."""
        return len(self.missing) < len(REQUIRED)


def read_heading(cells: Sequence[str]) -> Heading:
    headings = [cell.strip() for cell in cells]
    names = [_BY_HEADING.get(_plain(heading), "") for heading in headings]
    places = {name: place for place, name in reversed(list(enumerate(names))) if name}
    missing = frozenset(name for name in REQUIRED if name not in places)
    return Heading(
        width=len(names),
        pick=itemgetter(*(places.get(name, len(names)) for name in _FIELDS)),
        unnamed=[place for place, name in enumerate(names) if not name],
        missing=missing,
        faults=[*_find_faults(headings, names)],
    )


def _find_faults(headings: Sequence[str], names: Sequence[str]) -> Iterator[RowFault]:
    for name in REQUIRED:
        if name not in names:
            yield _fault(
                UserErrorCode.CSV_COLUMN_MISSING, f"The column {name} is missing.", name
            )
    for name, count in Counter(names).items():
        if name and count > 1:
            yield _fault(
                UserErrorCode.CSV_COLUMN_UNKNOWN,
                f"The column {name} stands in the heading twice.",
                name,
            )
    for heading, name in zip(headings, names, strict=True):
        if heading and not name:
            yield _fault(
                UserErrorCode.CSV_COLUMN_UNKNOWN,
                "This column means nothing here: correct its name, or remove it.",
                heading[:_SHOWN_OF_A_HEADING],
            )


def _plain(heading: str) -> str:
    """Case, spaces and underscores do not matter."""
    return "".join(heading.replace("_", " ").lower().split())


def _fault(code: UserErrorCode, message: str, column: str) -> RowFault:
    return RowFault(code, message, row=1, column=column)
