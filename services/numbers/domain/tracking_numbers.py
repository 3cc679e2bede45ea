"""A tracking number: what it is, and what each change makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.number_states import (
    BILLED,
    IGNORED,
    IN_USE_AGAIN,
    NEXT_STATES,
    RINGS_THROUGH,
    Change,
    NumberState,
)
from services.numbers.domain.refusals import NumberCannotBeDisabled, NumberCannotBeRestored

__all__ = [
    "IGNORED",
    "NEXT_STATES",
    "RINGS_THROUGH",
    "TABS",
    "Change",
    "NumberAction",
    "NumberBadge",
    "NumberState",
    "NumberTab",
    "TrackingNumber",
]


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
    RESTORE = "RESTORE"
    UPDATE = "UPDATE"


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

    `ported_at` is the port's instant, from which it is billed; `disabled_by` a member's id,
    "support", or "port-out" where the account has its numbers disabled when they leave;
    `called_after_port_out_at` the first call since it left; `line_ended_at` when the line ended
    of one that had rung by then and never ported.
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
    quarantined_at: datetime | None = None
    called_after_port_out_at: datetime | None = None
    line_ended_at: datetime | None = None

    @property
    def is_billed(self) -> bool:
        return self.state in BILLED and self.ported_at is not None

    @property
    def tab(self) -> NumberTab | None:
        return TABS.get(self.state)

    @property
    def badge(self) -> NumberBadge | None:
        return _BADGES.get(self.state)

    @property
    def can_be_disabled(self) -> bool:
        """Not one that was called before it ported, as long as it is on its way here."""
        is_arriving = self._has_only_rung and self.line_ended_at is None
        return (self.state, Change.DISABLE) in NEXT_STATES and not is_arriving

    @property
    def can_be_restored(self) -> bool:
        """Not one that has left: its gaining carrier alone can give it back."""
        return (self.state, Change.RESTORE) in NEXT_STATES and self.ported_out_at is None

    def end_line(self, at: datetime) -> Self:
        """Its line will never port: who was only preconfigured is no longer ours.

        One that has rung rings on. Nobody is told, so its version stays.
        """
        if self.state is NumberState.ACTIVE:
            if not self._has_only_rung or self.line_ended_at is not None:
                return self
            return replace(self, line_ended_at=at)
        if self._ignores(Change.LINE_ENDED):
            return self
        return self._after(Change.LINE_ENDED)

    def revert(self) -> Self:
        if self._ignores(Change.LINE_REVERTED):
            return self
        return self._after(Change.LINE_REVERTED)

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
        """A later port-out takes an earlier one's place, the end of which is told late."""
        if self.state is NumberState.PORTING_OUT and port_out_id > (self.port_out_id or ""):
            return replace(self, version=self.version + 1, port_out_id=port_out_id)
        if self._ignores(Change.PORT_OUT_AUTHORIZED):
            return self
        return replace(self._after(Change.PORT_OUT_AUTHORIZED), port_out_id=port_out_id)

    def keep(self, port_out_id: str) -> Self:
        """The port-out is cancelled: as if there had been none."""
        if self._ignores(Change.PORT_OUT_CANCELLED) or self.port_out_id != port_out_id:
            return self
        return replace(self._after(Change.PORT_OUT_CANCELLED), port_out_id=None)

    def port_out(self, port_out_id: str, at: datetime) -> Self:
        if self._ignores(Change.PORTED_OUT) or self.ported_out_at is not None:
            return self
        return replace(
            self._after(Change.PORTED_OUT), port_out_id=port_out_id, ported_out_at=at
        )

    def disable(self, by: str, at: datetime) -> Self:
        """Raises `NumberCannotBeDisabled`."""
        if not self.can_be_disabled:
            raise NumberCannotBeDisabled(self.state)
        return replace(self._after(Change.DISABLE), disabled_at=at, disabled_by=by)

    def take_back(self, port_out_id: str) -> Self:
        """The gaining carrier gave it back. One that was disabled before it left stays so."""
        if self._ignores(Change.RETURNED) or self.port_out_id != port_out_id:
            return self
        is_in_use = self.state is not NumberState.DISABLED or self._was_disabled_for_leaving
        after = (
            self._after(Change.RETURNED)
            if is_in_use
            else replace(self, version=self.version + 1)
        )
        return replace(after, port_out_id=None, ported_out_at=None)

    def restore(self) -> Self:
        """Raises `NumberCannotBeRestored`."""
        if not self.can_be_restored:
            raise NumberCannotBeRestored(self.state)
        return self._after(Change.RESTORE)

    def quarantine(self, at: datetime) -> Self:
        """Nobody restored it in time. One that has left is not ours to keep back."""
        if self._ignores(Change.STAYED_DISABLED) or self.ported_out_at is not None:
            return self
        return replace(self._after(Change.STAYED_DISABLED), quarantined_at=at)

    def end_quarantine(self) -> Self:
        if self._ignores(Change.QUARANTINE_OVER):
            return self
        return self._after(Change.QUARANTINE_OVER)

    @property
    def _has_only_rung(self) -> bool:
        return self.state is NumberState.ACTIVE and self.ported_at is None

    @property
    def _was_disabled_for_leaving(self) -> bool:
        return (
            self.disabled_at is not None
            and self.ported_out_at is not None
            and self.ported_out_at <= self.disabled_at
        )

    def _is_first_since_it_left(self, at: datetime) -> bool:
        """It may have come back from an earlier port-out, and rung after that."""
        left, rung = self.ported_out_at, self.called_after_port_out_at
        return left is not None and at > left and (rung is None or rung <= left)

    def _ignores(self, change: Change) -> bool:
        return (self.state, change) in IGNORED

    def _after(self, change: Change) -> Self:
        after = replace(self, state=NEXT_STATES[self.state, change], version=self.version + 1)
        if change not in IN_USE_AGAIN:
            return after
        if self.first_called_at is None:
            after = replace(after, state=NumberState.AWAITING_FIRST_CALL)
        return replace(after, disabled_at=None, disabled_by=None)
