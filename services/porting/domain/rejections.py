"""Rejection codes: what any carrier may call a fault, what it means, and who does what about it.

The table is rejection_codes.toml; `find_rejection_code` finds ours, `translate_code` a carrier's.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.porting.domain.requests import WaitingOn

_CARRIERS: Final = ("bandwidth", "telnyx", "twilio", "vendor")


@dataclass(frozen=True, kw_only=True)
class RejectionCode:
    """`new_letter` is `yes`, `no`, or says what it depends on."""

    name: str
    sentence: str
    remedy: str
    acts: WaitingOn
    new_letter: str
    called: Mapping[str, tuple[str, ...]]

    @property
    def needs_new_letter(self) -> bool:
        return self.new_letter == "yes"


def _read(name: str, row: Mapping[str, Any]) -> RejectionCode:
    return RejectionCode(
        name=name,
        sentence=row["sentence"],
        remedy=row["remedy"],
        acts=WaitingOn(row["acts"]),
        new_letter=row["new_letter"],
        called={carrier: tuple(row.get(carrier, ())) for carrier in _CARRIERS},
    )


REJECTION_CODES: Final[Mapping[str, RejectionCode]] = {
    name: _read(name, row)
    for name, row in tomllib.loads(
        (Path(__file__).parent / "rejection_codes.toml").read_text()
    ).items()
}
OTHER: Final = REJECTION_CODES["OTHER"]
_BY_CARRIERS_CODE: Final[Mapping[str, RejectionCode]] = {
    theirs.upper(): code
    for code in reversed([*REJECTION_CODES.values()])
    for carrier in _CARRIERS
    for theirs in code.called[carrier]
}


def find_rejection_code(name: str) -> RejectionCode | None:
    return REJECTION_CODES.get(name)


def translate_code(raw: str) -> RejectionCode:
    """Ours by its name, or by what a carrier calls it; what nobody knows is OTHER."""
    wanted = raw.strip().upper()
    return REJECTION_CODES.get(wanted) or _BY_CARRIERS_CODE.get(wanted) or OTHER
