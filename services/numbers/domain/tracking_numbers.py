"""A tracking number: its states, and what moves it from one to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.refusals import NumberCannotBeDisabled


class NumberState(StrEnum):
    PRECONFIGURED = "PRECONFIGURED"
    AWAITING_FIRST_CALL = "AWAITING_FIRST_CALL"
    ACTIVE = "ACTIVE"
    PORTING_OUT = "PORTING_OUT"
    PORTED_OUT = "PORTED_OUT"
    DISABLED = "DISABLED"
    QUARANTINED = "QUARANTINED"
    RELEASED = "RELEASED"


class NumberTab(StrEnum):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class NumberBadge(StrEnum):
    PORTING_IN = "PORTING_IN"
    PORTING_OUT = "PORTING_OUT"
    PORTED_OUT = "PORTED_OUT"


class NumberAction(StrEnum):
    DISABLE = "DISABLE"


class Change(StrEnum):
    """All but the last are facts that have happened; the last is a wish, and may be refused."""

    LINE_ENDED = "LINE_ENDED"
    PORTED_IN = "PORTED_IN"
    CALLED = "CALLED"
    PORT_OUT_AUTHORIZED = "PORT_OUT_AUTHORIZED"
    PORTED_OUT = "PORTED_OUT"
    DISABLE = "DISABLE"


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
    # The state stays; only the port's instant may move back.
    (_S.AWAITING_FIRST_CALL, _C.PORTED_IN): _S.AWAITING_FIRST_CALL,
    (_S.ACTIVE, _C.PORTED_IN): _S.ACTIVE,
    (_S.PORTING_OUT, _C.PORTED_IN): _S.PORTING_OUT,
    (_S.PORTED_OUT, _C.PORTED_IN): _S.PORTED_OUT,
    (_S.DISABLED, _C.PORTED_IN): _S.DISABLED,
    # The state stays; the first such call is told (S78).
    (_S.PORTED_OUT, _C.CALLED): _S.PORTED_OUT,
}

IGNORED: Final[frozenset[tuple[NumberState, Change]]] = frozenset(
    {
        # Has rung or ported: it is here, whatever became of its line.
        *((state, _C.LINE_ENDED) for state in _S if state is not _S.PRECONFIGURED),
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
        # No longer anybody's in this account.
        (_S.DISABLED, _C.CALLED),
        (_S.DISABLED, _C.PORT_OUT_AUTHORIZED),
        (_S.DISABLED, _C.PORTED_OUT),
        *(
            (state, change)
            for state in (_S.QUARANTINED, _S.RELEASED)
            for change in (_C.PORTED_IN, _C.CALLED, _C.PORT_OUT_AUTHORIZED, _C.PORTED_OUT)
        ),
    }
)

# A call is routed to where the number forwards; in every other state it is nobody's.
RINGS_THROUGH: Final[tuple[NumberState, ...]] = (
    NumberState.PRECONFIGURED,
    NumberState.AWAITING_FIRST_CALL,
    NumberState.ACTIVE,
    NumberState.PORTING_OUT,
    NumberState.PORTED_OUT,
)

TABS: Final[Mapping[NumberState, NumberTab]] = {
    NumberState.PRECONFIGURED: NumberTab.PENDING,
    NumberState.AWAITING_FIRST_CALL: NumberTab.PENDING,
    NumberState.ACTIVE: NumberTab.ACTIVE,
    NumberState.PORTING_OUT: NumberTab.ACTIVE,
    NumberState.PORTED_OUT: NumberTab.ACTIVE,
    NumberState.DISABLED: NumberTab.DISABLED,
}

_LEAVING: Final = frozenset({NumberState.PORTING_OUT, NumberState.PORTED_OUT})

_BADGES: Final[Mapping[NumberState, NumberBadge]] = {
    NumberState.PRECONFIGURED: NumberBadge.PORTING_IN,
    NumberState.PORTING_OUT: NumberBadge.PORTING_OUT,
    NumberState.PORTED_OUT: NumberBadge.PORTED_OUT,
}


@dataclass(frozen=True, kw_only=True)
class TrackingNumber:
    """A change answers the number after it, one version up, or the very same where nothing is new.

    `ported_at` is the port's instant, from which it is billed; `disabled_by` a member's id or
    "support"; `called_after_port_out_at` the first call since it left.
    """

    id: str
    account_id: str
    company_id: str
    version: int
    state: NumberState
    phone_number: PhoneNumber
    forwarding_number: PhoneNumber
    name: str
    source: str
    port_request_id: str | None
    line_id: str | None
    port_out_id: str | None = None
    ported_at: datetime | None = None
    first_called_at: datetime | None = None
    ported_out_at: datetime | None = None
    disabled_at: datetime | None = None
    disabled_by: str | None = None
    called_after_port_out_at: datetime | None = None

    @property
    def tab(self) -> NumberTab | None:
        return TABS.get(self.state)

    @property
    def badge(self) -> NumberBadge | None:
        return _BADGES.get(self.state)

    @property
    def can_be_disabled(self) -> bool:
        """Not one that was called before it ported: it is still on its way here."""
        is_arriving = self.state is NumberState.ACTIVE and self.ported_at is None
        return (self.state, Change.DISABLE) in NEXT_STATES and not is_arriving

    def release(self) -> Self:
        """Its line will never port: who was only preconfigured is no longer ours."""
        if self._ignores(Change.LINE_ENDED):
            return self
        return self._after(Change.LINE_ENDED)

    def port_in(self, at: datetime) -> Self:
        """Porting alone decides the instant, first calls included; it moves back, never forward."""
        if self._ignores(Change.PORTED_IN):
            return self
        if self.ported_at is not None and self.ported_at <= at:
            return self
        return replace(self._after(Change.PORTED_IN), ported_at=at)

    def receive_call(self, at: datetime) -> Self:
        """The first one ever, and the first one after it left, change it; all others do not."""
        if self.state is NumberState.PORTED_OUT and self._is_first_since_it_left(at):
            return replace(
                self._after(Change.CALLED),
                first_called_at=self.first_called_at or at,
                called_after_port_out_at=at,
            )
        if self.state in _LEAVING and self.first_called_at is None:
            # It leaves all the same; should it stay or come back, it is in use.
            return replace(self, version=self.version + 1, first_called_at=at)
        if self.state in _LEAVING or self._ignores(Change.CALLED):
            return self
        return replace(self._after(Change.CALLED), first_called_at=at)

    def authorize_port_out(self, port_out_id: str) -> Self:
        if self._ignores(Change.PORT_OUT_AUTHORIZED):
            return self
        return replace(self._after(Change.PORT_OUT_AUTHORIZED), port_out_id=port_out_id)

    def port_out(self, port_out_id: str, at: datetime) -> Self:
        if self._ignores(Change.PORTED_OUT):
            return self
        return replace(
            self._after(Change.PORTED_OUT), port_out_id=port_out_id, ported_out_at=at
        )

    def disable(self, by: str, at: datetime) -> Self:
        """Raises `NumberCannotBeDisabled`."""
        if not self.can_be_disabled:
            raise NumberCannotBeDisabled(self.state)
        return replace(self._after(Change.DISABLE), disabled_at=at, disabled_by=by)

    def _is_first_since_it_left(self, at: datetime) -> bool:
        """It may have come back from an earlier port-out, and rung after that."""
        left, rung = self.ported_out_at, self.called_after_port_out_at
        return left is not None and at > left and (rung is None or rung <= left)

    def _ignores(self, change: Change) -> bool:
        return (self.state, change) in IGNORED

    def _after(self, change: Change) -> Self:
        state = NEXT_STATES[self.state, change]
        return replace(self, state=state, version=self.version + 1)
