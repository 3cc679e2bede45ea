"""What is odd about a port-out: hints for whoever answers it, never a gate."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from services.porting.domain.port_out_shield import ShieldAct

# An unlocking cools off for a day, and a thief does not wait much longer.
LATELY: Final = timedelta(hours=48)
MANY_NUMBERS: Final = 10


class PortOutWarning(StrEnum):
    MANY_NUMBERS = "MANY_NUMBERS"
    NEW_GAINING_CARRIER = "NEW_GAINING_CARRIER"
    RECENT_ADMINISTRATOR_CHANGE = "RECENT_ADMINISTRATOR_CHANGE"
    RECENT_UNLOCK = "RECENT_UNLOCK"
    RECENT_PIN_CHANGE = "RECENT_PIN_CHANGE"
    RECENT_WRONG_PINS = "RECENT_WRONG_PINS"


_TOLD_BY: Final = {
    PortOutWarning.RECENT_UNLOCK: {ShieldAct.UNLOCK_ASKED, ShieldAct.UNLOCKED},
    PortOutWarning.RECENT_PIN_CHANGE: {ShieldAct.PIN_SET, ShieldAct.PIN_REMOVED},
    PortOutWarning.RECENT_WRONG_PINS: {ShieldAct.PIN_WRONG},
}


@dataclass(frozen=True, kw_only=True)
class PortOutSurroundings:
    """`acts` are those on the shield's record in the time `LATELY` before the report.

    Administrators may change while the report waits for an answer, too.
    """

    number_count: int
    is_first_to_this_carrier: bool
    administrators_changed: bool
    acts: Collection[ShieldAct]

    def warnings(self) -> Iterator[PortOutWarning]:
        if self.number_count >= MANY_NUMBERS:
            yield PortOutWarning.MANY_NUMBERS
        if self.is_first_to_this_carrier:
            yield PortOutWarning.NEW_GAINING_CARRIER
        if self.administrators_changed:
            yield PortOutWarning.RECENT_ADMINISTRATOR_CHANGE
        for warning, acts in _TOLD_BY.items():
            if acts.intersection(self.acts):
                yield warning
