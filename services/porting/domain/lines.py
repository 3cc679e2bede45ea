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
    """What can happen to a line; the losing carrier's words may come late, doubled, reordered.

    APPROVED is the first firm date, or the same again; FIRM_DATE_CHANGED is another one.
    DROPPED takes out what nobody is working on; CANCEL_ASKED wants all of it stopped.
    """

    REQUEST_SUBMITTED = "REQUEST_SUBMITTED"
    FOUND_UNPORTABLE = "FOUND_UNPORTABLE"
    SENT = "SENT"
    APPROVED = "APPROVED"
    FIRM_DATE_CHANGED = "FIRM_DATE_CHANGED"
    REJECTED = "REJECTED"
    CONFLICT_RAISED = "CONFLICT_RAISED"
    ACTIVATION_STARTED = "ACTIVATION_STARTED"
    ACTIVATION_FAILED = "ACTIVATION_FAILED"
    CORRECTED = "CORRECTED"
    RESENT = "RESENT"
    DROPPED = "DROPPED"
    CANCEL_ASKED = "CANCEL_ASKED"
    CANCELLED = "CANCELLED"
    CANCEL_REFUSED = "CANCEL_REFUSED"
    CANCEL_REFUSED_WITH_DATE = "CANCEL_REFUSED_WITH_DATE"
    PORTED = "PORTED"
    CALLED = "CALLED"
    REVERTED = "REVERTED"


_S = LineState
_E = LineEvent

TERMINAL: Final = frozenset({_S.PORTED, _S.CANCELLED, _S.REVERTED, _S.NOT_PORTABLE})
FAULTY: Final = frozenset({_S.REJECTED, _S.CONFLICT, _S.ACTIVATION_FAILED})
# A carrier has the line: its word, or a call that reaches us, can say that it ported.
WITH_A_CARRIER: Final = (
    frozenset({_S.WITH_CARRIER, _S.APPROVED, _S.ACTIVATING, _S.CANCEL_REQUESTED}) | FAULTY
)
_NOT_SENT: Final = frozenset({_S.ADDED, _S.READY})

# Where each event leads from each state; a state that leads to itself takes something new in
# (a date, one more fault). A pair that stands neither here nor in IGNORED is refused.
NEXT_STATES: Final[Mapping[LineEvent, Mapping[LineState, LineState]]] = {
    _E.REQUEST_SUBMITTED: {_S.ADDED: _S.READY},
    _E.FOUND_UNPORTABLE: dict.fromkeys(
        _NOT_SENT | {_S.WITH_CARRIER, _S.REJECTED}, _S.NOT_PORTABLE
    ),
    _E.SENT: {_S.READY: _S.WITH_CARRIER},
    _E.APPROVED: {
        _S.WITH_CARRIER: _S.APPROVED,
        _S.CONFLICT: _S.APPROVED,
        _S.ACTIVATION_FAILED: _S.APPROVED,
        _S.CANCEL_REQUESTED: _S.CANCEL_REQUESTED,
    },
    _E.FIRM_DATE_CHANGED: {
        _S.WITH_CARRIER: _S.APPROVED,
        _S.APPROVED: _S.APPROVED,
        _S.ACTIVATING: _S.APPROVED,
        _S.CONFLICT: _S.APPROVED,
        _S.ACTIVATION_FAILED: _S.APPROVED,
        _S.CANCEL_REQUESTED: _S.CANCEL_REQUESTED,
    },
    # Whoever asked to stop has what they wanted.
    _E.REJECTED: {
        _S.WITH_CARRIER: _S.REJECTED,
        _S.APPROVED: _S.REJECTED,
        _S.ACTIVATING: _S.REJECTED,
        _S.CONFLICT: _S.REJECTED,
        _S.ACTIVATION_FAILED: _S.REJECTED,
        _S.REJECTED: _S.REJECTED,
        _S.CANCEL_REQUESTED: _S.CANCELLED,
    },
    _E.CONFLICT_RAISED: dict.fromkeys(
        (_S.WITH_CARRIER, _S.APPROVED, _S.ACTIVATING, _S.ACTIVATION_FAILED), _S.CONFLICT
    ),
    _E.ACTIVATION_STARTED: dict.fromkeys((_S.APPROVED, _S.ACTIVATION_FAILED), _S.ACTIVATING),
    _E.ACTIVATION_FAILED: dict.fromkeys((_S.APPROVED, _S.ACTIVATING), _S.ACTIVATION_FAILED),
    _E.CORRECTED: {state: state for state in FAULTY | {_S.READY}},
    _E.RESENT: dict.fromkeys(FAULTY, _S.WITH_CARRIER),
    _E.DROPPED: dict.fromkeys(_NOT_SENT | FAULTY, _S.CANCELLED),
    _E.CANCEL_ASKED: {
        **dict.fromkeys(_NOT_SENT | FAULTY, _S.CANCELLED),
        _S.WITH_CARRIER: _S.CANCEL_REQUESTED,
        _S.APPROVED: _S.CANCEL_REQUESTED,
    },
    _E.CANCELLED: {_S.CANCEL_REQUESTED: _S.CANCELLED},
    _E.CANCEL_REFUSED: {_S.CANCEL_REQUESTED: _S.WITH_CARRIER},
    _E.CANCEL_REFUSED_WITH_DATE: {_S.CANCEL_REQUESTED: _S.APPROVED},
    _E.PORTED: dict.fromkeys(WITH_A_CARRIER, _S.PORTED),
    _E.CALLED: dict.fromkeys(WITH_A_CARRIER, _S.PORTED),
    _E.REVERTED: {_S.PORTED: _S.REVERTED},
}
# Late and doubled messages: no error, no change of state. A call to a number that no carrier
# has been asked for proves nothing: it may be a test of the preconfigured number.
IGNORED: Final[Mapping[LineEvent, frozenset[LineState]]] = {
    _E.REQUEST_SUBMITTED: frozenset(),
    _E.FOUND_UNPORTABLE: TERMINAL,
    _E.SENT: frozenset(),
    _E.APPROVED: frozenset({_S.APPROVED, _S.ACTIVATING}) | TERMINAL,
    _E.FIRM_DATE_CHANGED: TERMINAL,
    _E.REJECTED: TERMINAL,
    _E.CONFLICT_RAISED: (
        frozenset({_S.CONFLICT, _S.REJECTED, _S.CANCEL_REQUESTED}) | TERMINAL
    ),
    _E.ACTIVATION_STARTED: frozenset({_S.ACTIVATING}) | TERMINAL,
    _E.ACTIVATION_FAILED: (
        frozenset({_S.ACTIVATION_FAILED, _S.CONFLICT, _S.REJECTED, _S.CANCEL_REQUESTED})
        | TERMINAL
    ),
    _E.CORRECTED: frozenset(),
    _E.RESENT: frozenset(),
    _E.DROPPED: frozenset({_S.CANCELLED}),
    _E.CANCEL_ASKED: frozenset({_S.CANCEL_REQUESTED}) | TERMINAL,
    _E.CANCELLED: TERMINAL,
    _E.CANCEL_REFUSED: WITH_A_CARRIER - {_S.CANCEL_REQUESTED} | TERMINAL,
    _E.CANCEL_REFUSED_WITH_DATE: WITH_A_CARRIER - {_S.CANCEL_REQUESTED} | TERMINAL,
    _E.PORTED: TERMINAL,
    _E.CALLED: _NOT_SENT | TERMINAL,
    _E.REVERTED: frozenset({_S.REVERTED}),
}


def is_refused(event: LineEvent, state: LineState) -> bool:
    return state not in NEXT_STATES[event] and state not in IGNORED[event]


def states_before(event: LineEvent) -> list[str]:
    """The states that `event` leads out of, as the store's statements want them."""
    return sorted(NEXT_STATES[event])
