"""The states of a tracking number: what leads from one to the next, and what is ignored."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class NumberState(StrEnum):
    PRECONFIGURED = "PRECONFIGURED"
    AWAITING_FIRST_CALL = "AWAITING_FIRST_CALL"
    ACTIVE = "ACTIVE"
    PORTING_OUT = "PORTING_OUT"
    PORTED_OUT = "PORTED_OUT"
    DISABLED = "DISABLED"
    QUARANTINED = "QUARANTINED"
    RELEASED = "RELEASED"


class Change(StrEnum):
    """All but the last two are facts that have happened; these are wishes, and may be refused."""

    LINE_ENDED = "LINE_ENDED"
    LINE_REVERTED = "LINE_REVERTED"
    PORTED_IN = "PORTED_IN"
    CALLED = "CALLED"
    PORT_OUT_AUTHORIZED = "PORT_OUT_AUTHORIZED"
    PORT_OUT_CANCELLED = "PORT_OUT_CANCELLED"
    PORTED_OUT = "PORTED_OUT"
    RETURNED = "RETURNED"
    STAYED_DISABLED = "STAYED_DISABLED"
    QUARANTINE_OVER = "QUARANTINE_OVER"
    DISABLE = "DISABLE"
    RESTORE = "RESTORE"


_S = NumberState
_C = Change

NEXT_STATES: Final[Mapping[tuple[NumberState, Change], NumberState]] = {
    (_S.PRECONFIGURED, _C.LINE_ENDED): _S.RELEASED,
    (_S.PRECONFIGURED, _C.PORTED_IN): _S.AWAITING_FIRST_CALL,
    (_S.PRECONFIGURED, _C.CALLED): _S.ACTIVE,
    (_S.AWAITING_FIRST_CALL, _C.CALLED): _S.ACTIVE,
    (_S.AWAITING_FIRST_CALL, _C.PORT_OUT_AUTHORIZED): _S.PORTING_OUT,
    (_S.AWAITING_FIRST_CALL, _C.PORTED_OUT): _S.PORTED_OUT,
    (_S.AWAITING_FIRST_CALL, _C.DISABLE): _S.DISABLED,
    (_S.ACTIVE, _C.PORT_OUT_AUTHORIZED): _S.PORTING_OUT,
    (_S.ACTIVE, _C.PORTED_OUT): _S.PORTED_OUT,
    (_S.ACTIVE, _C.DISABLE): _S.DISABLED,
    (_S.PORTING_OUT, _C.PORTED_OUT): _S.PORTED_OUT,
    (_S.PORTED_OUT, _C.DISABLE): _S.DISABLED,
    # Snapback: whatever it has become here, the losing carrier has it again.
    (_S.PRECONFIGURED, _C.LINE_REVERTED): _S.RELEASED,
    (_S.AWAITING_FIRST_CALL, _C.LINE_REVERTED): _S.RELEASED,
    (_S.ACTIVE, _C.LINE_REVERTED): _S.RELEASED,
    (_S.PORTING_OUT, _C.LINE_REVERTED): _S.RELEASED,
    (_S.DISABLED, _C.LINE_REVERTED): _S.RELEASED,
    (_S.QUARANTINED, _C.LINE_REVERTED): _S.RELEASED,
    # It is in use again: pending, where nobody has called it yet (`IN_USE_AGAIN`).
    (_S.PORTING_OUT, _C.PORT_OUT_CANCELLED): _S.ACTIVE,
    (_S.PORTING_OUT, _C.RETURNED): _S.ACTIVE,
    (_S.PORTED_OUT, _C.RETURNED): _S.ACTIVE,
    (_S.DISABLED, _C.RETURNED): _S.ACTIVE,
    (_S.DISABLED, _C.RESTORE): _S.ACTIVE,
    # What was disabled first and left then is not ours to keep back.
    (_S.DISABLED, _C.PORTED_OUT): _S.DISABLED,
    (_S.QUARANTINED, _C.PORTED_OUT): _S.RELEASED,
    (_S.DISABLED, _C.STAYED_DISABLED): _S.QUARANTINED,
    (_S.QUARANTINED, _C.QUARANTINE_OVER): _S.RELEASED,
    # The state stays; only the port's instant may move back.
    (_S.AWAITING_FIRST_CALL, _C.PORTED_IN): _S.AWAITING_FIRST_CALL,
    (_S.ACTIVE, _C.PORTED_IN): _S.ACTIVE,
    (_S.PORTING_OUT, _C.PORTED_IN): _S.PORTING_OUT,
    (_S.PORTED_OUT, _C.PORTED_IN): _S.PORTED_OUT,
    (_S.DISABLED, _C.PORTED_IN): _S.DISABLED,
    (_S.QUARANTINED, _C.PORTED_IN): _S.QUARANTINED,
    # The state stays: what has rung is not silenced (S22), and whoever has it may end it.
    (_S.ACTIVE, _C.LINE_ENDED): _S.ACTIVE,
    # The state stays; the first such call is told (S78).
    (_S.PORTED_OUT, _C.CALLED): _S.PORTED_OUT,
}

IGNORED: Final[frozenset[tuple[NumberState, Change]]] = frozenset(
    {
        # Has ported: it is here, whatever became of its line.
        *(
            (state, _C.LINE_ENDED)
            for state in _S
            if state not in {_S.PRECONFIGURED, _S.ACTIVE}
        ),
        # Rings through, and changes nothing.
        (_S.ACTIVE, _C.CALLED),
        (_S.PORTING_OUT, _C.CALLED),
        # Comes late or twice.
        (_S.PORTING_OUT, _C.PORT_OUT_AUTHORIZED),
        (_S.PORTED_OUT, _C.PORT_OUT_AUTHORIZED),
        (_S.PORTED_OUT, _C.PORTED_OUT),
        # Not here yet, so it cannot leave; porting refuses such a port-out.
        (_S.PRECONFIGURED, _C.PORT_OUT_AUTHORIZED),
        (_S.PRECONFIGURED, _C.PORTED_OUT),
        (_S.PORTED_OUT, _C.PORT_OUT_CANCELLED),
        # Has left already: to its losing carrier of then it is nothing.
        (_S.PORTED_OUT, _C.LINE_REVERTED),
        # Is here, and was not about to leave.
        *(
            (state, change)
            for state in (_S.PRECONFIGURED, _S.AWAITING_FIRST_CALL, _S.ACTIVE)
            for change in (_C.PORT_OUT_CANCELLED, _C.RETURNED)
        ),
        # No longer anybody's in this account.
        *(
            (state, change)
            for state in (_S.DISABLED, _S.QUARANTINED, _S.RELEASED)
            for change in (_C.CALLED, _C.PORT_OUT_AUTHORIZED, _C.PORT_OUT_CANCELLED)
        ),
        (_S.QUARANTINED, _C.RETURNED),
        # The end.
        *(
            (_S.RELEASED, change)
            for change in (_C.LINE_REVERTED, _C.PORTED_IN, _C.PORTED_OUT, _C.RETURNED)
        ),
        # Changed before the clock could do it.
        *((state, _C.STAYED_DISABLED) for state in _S if state is not _S.DISABLED),
        *((state, _C.QUARANTINE_OVER) for state in _S if state is not _S.QUARANTINED),
    }
)

IN_USE_AGAIN: Final = frozenset({_C.PORT_OUT_CANCELLED, _C.RETURNED, _C.RESTORE})

# Billed from the port's instant on; a number that is called before it ports waits for that.
BILLED: Final = frozenset({_S.AWAITING_FIRST_CALL, _S.ACTIVE, _S.PORTING_OUT, _S.PORTED_OUT})

# A call is routed to where the number forwards; in every other state it is nobody's.
RINGS_THROUGH: Final[tuple[NumberState, ...]] = (
    _S.PRECONFIGURED,
    _S.AWAITING_FIRST_CALL,
    _S.ACTIVE,
    _S.PORTING_OUT,
    _S.PORTED_OUT,
)
