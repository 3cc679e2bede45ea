"""A line: one number inside a port request, and the only thing that really ports."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class LineState(StrEnum):
    ADDED = "ADDED"
    READY = "READY"
    NOT_PORTABLE = "NOT_PORTABLE"
    WITH_CARRIER = "WITH_CARRIER"
    APPROVED = "APPROVED"
    ACTIVATING = "ACTIVATING"
    PORTED = "PORTED"
    REJECTED = "REJECTED"
    CONFLICT = "CONFLICT"
    ACTIVATION_FAILED = "ACTIVATION_FAILED"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCELLED = "CANCELLED"
    REVERTED = "REVERTED"


class LineEvent(StrEnum):
    """What can happen to a line; the losing carrier's words may come late, doubled, reordered."""

    REQUEST_SUBMITTED = "REQUEST_SUBMITTED"
    DROPPED = "DROPPED"
    SENT = "SENT"
    APPROVED = "APPROVED"
    PORTED = "PORTED"
    CALLED = "CALLED"


TERMINAL: Final = frozenset(
    {LineState.PORTED, LineState.CANCELLED, LineState.REVERTED, LineState.NOT_PORTABLE}
)
FAULTY: Final = frozenset(
    {LineState.REJECTED, LineState.CONFLICT, LineState.ACTIVATION_FAILED}
)
# A carrier has the line: its word, or a call that reaches us, can say that it ported.
WITH_A_CARRIER: Final = frozenset(
    {
        LineState.WITH_CARRIER,
        LineState.APPROVED,
        LineState.ACTIVATING,
        LineState.CANCEL_REQUESTED,
    }
    | FAULTY
)

# Where each event leads from each state. A pair that stands neither here nor in IGNORED is
# refused.
NEXT_STATES: Final[Mapping[LineEvent, Mapping[LineState, LineState]]] = {
    LineEvent.REQUEST_SUBMITTED: {LineState.ADDED: LineState.READY},
    LineEvent.DROPPED: dict.fromkeys((LineState.ADDED, LineState.READY), LineState.CANCELLED),
    LineEvent.SENT: {LineState.READY: LineState.WITH_CARRIER},
    LineEvent.APPROVED: {LineState.WITH_CARRIER: LineState.APPROVED},
    LineEvent.PORTED: dict.fromkeys(WITH_A_CARRIER, LineState.PORTED),
    LineEvent.CALLED: dict.fromkeys(WITH_A_CARRIER, LineState.PORTED),
}
# Late and doubled messages: no error, no change of state. A call to a number that no carrier
# has been asked for proves nothing: it may be a test of the preconfigured number.
IGNORED: Final[Mapping[LineEvent, frozenset[LineState]]] = {
    LineEvent.REQUEST_SUBMITTED: frozenset(),
    LineEvent.DROPPED: frozenset({LineState.CANCELLED}),
    LineEvent.SENT: frozenset(),
    LineEvent.APPROVED: frozenset({LineState.APPROVED, LineState.ACTIVATING}) | TERMINAL,
    LineEvent.PORTED: TERMINAL,
    LineEvent.CALLED: frozenset({LineState.ADDED, LineState.READY}) | TERMINAL,
}


def is_refused(event: LineEvent, state: LineState) -> bool:
    return state not in NEXT_STATES[event] and state not in IGNORED[event]


def states_before(event: LineEvent) -> list[str]:
    """The states that `event` leads out of, as the store's statements want them."""
    return sorted(NEXT_STATES[event])
