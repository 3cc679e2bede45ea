"""What everybody is told before they port: shown with every request, acknowledged by name."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class WarningId(StrEnum):
    """A text that changes its meaning gets a new id, and is acknowledged anew."""

    LOSING_CARRIER_FEES = "LOSING_CARRIER_FEES"
    KEEP_THE_SERVICE = "KEEP_THE_SERVICE"
    NUMBERS_CAN_BE_LOST = "NUMBERS_CAN_BE_LOST"


@dataclass(frozen=True, kw_only=True)
class PortingWarning:
    id: WarningId
    text: str


# S13, S27, S28.
WARNINGS: Final = (
    PortingWarning(
        id=WarningId.LOSING_CARRIER_FEES,
        text="Porting in is free here, but your present carrier may charge a port-out or early "
        "termination fee. Ask it first.",
    ),
    PortingWarning(
        id=WarningId.KEEP_THE_SERVICE,
        text="Do not cancel the service with your present carrier until the port is confirmed "
        "complete for every number.",
    ),
    PortingWarning(
        id=WarningId.NUMBERS_CAN_BE_LOST,
        text="If the service is cancelled before, the carrier may give up the numbers, and it may "
        "be impossible to get them back.",
    ),
)
ALL_WARNINGS: Final = tuple(warning.id.value for warning in WARNINGS)
