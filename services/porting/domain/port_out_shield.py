"""The port-out shield: what an account sets between its numbers and a gaining carrier's report.

It holds up a port-out that nobody of the account wants, and never one that they want (S73).
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.port_out_pins import PinTries

COOLING_OFF: Final = timedelta(hours=24)
# As many as one event can name.
MOST_NUMBERS: Final = 500
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
# A carrier's form has room for 25 characters.
_IDENTIFIER_DIGITS: Final = 12


class Verdict(StrEnum):
    """Of one number: the first gate that did not open, in this order."""

    LOCKED = "LOCKED"
    ACCOUNT_IDENTIFIER_WRONG = "ACCOUNT_IDENTIFIER_WRONG"
    PIN_MISSING = "PIN_MISSING"
    TOO_MANY_TRIES = "TOO_MANY_TRIES"
    PIN_WRONG = "PIN_WRONG"
    PASSED = "PASSED"


class LockState(StrEnum):
    LOCKED = "LOCKED"
    UNLOCKING = "UNLOCKING"
    UNLOCKED = "UNLOCKED"


class LockScope(StrEnum):
    ACCOUNT = "ACCOUNT"
    NUMBER = "NUMBER"


class ShieldAct(StrEnum):
    """What stands on a shield's record."""

    LOCKED = "LOCKED"
    UNLOCK_ASKED = "UNLOCK_ASKED"
    UNLOCKED = "UNLOCKED"
    PIN_SET = "PIN_SET"
    PIN_REMOVED = "PIN_REMOVED"
    PIN_WRONG = "PIN_WRONG"
    PIN_BLOCKED = "PIN_BLOCKED"
    PIN_TRIES_RESET = "PIN_TRIES_RESET"
    IDENTIFIER_REVEALED = "IDENTIFIER_REVEALED"


@dataclass(frozen=True, kw_only=True)
class PortOutLock:
    """Of one number, or of the whole account where `number_id` is None.

    `locked_by` and `unlock_asked_by` are actors: `member:mem_…` or `support:<subject>`.
    """

    number_id: str | None
    tracking_number: PhoneNumber | None
    locked_at: datetime
    locked_by: str
    unlock_asked_by: str | None = None
    unlocks_at: datetime | None = None

    @property
    def scope(self) -> LockScope:
        return LockScope.ACCOUNT if self.number_id is None else LockScope.NUMBER

    def state_at(self, at: datetime) -> LockState:
        if self.unlocks_at is None:
            return LockState.LOCKED
        return LockState.UNLOCKING if at < self.unlocks_at else LockState.UNLOCKED

    def is_closed_at(self, at: datetime) -> bool:
        """An unlocking that still cools off keeps it closed."""
        return self.state_at(at) is not LockState.UNLOCKED

    def locked_again(self, at: datetime, by: str) -> Self:
        """A pending unlock is taken back; a lock that never opened stays as old as it is."""
        if self.is_closed_at(at):
            return replace(self, unlock_asked_by=None, unlocks_at=None)
        return replace(self, locked_at=at, locked_by=by, unlock_asked_by=None, unlocks_at=None)

    def unlocking(self, at: datetime, by: str, cooling_off: timedelta) -> Self:
        """Asked a second time it opens no later and no earlier."""
        if self.unlocks_at is not None:
            return self
        return replace(self, unlock_asked_by=by, unlocks_at=at + cooling_off)


def longest_of(locks: Iterable[PortOutLock], at: datetime) -> PortOutLock | None:
    """The one that keeps closed longest, of those that do."""
    closed = [lock for lock in locks if lock.is_closed_at(at)]
    return max(closed, key=lambda lock: lock.unlocks_at or _NEVER, default=None)


@dataclass(frozen=True, kw_only=True)
class PortOutShield:
    """Its public state: neither the PIN nor the account identifier."""

    id: str
    account_id: str
    version: int
    pin_set_at: datetime | None
    tries: PinTries


def new_identifier() -> str:
    """The account's name towards gaining carriers (S72): no secret, and nothing to guess from."""
    return f"PL{secrets.randbelow(10**_IDENTIFIER_DIGITS):0{_IDENTIFIER_DIGITS}d}"


def is_same_identifier(stated: str, known: str) -> bool:
    """However the gaining carrier writes it: in groups, in lower case, with or without `PL`."""
    written = "".join(filter(str.isalnum, stated)).upper().removeprefix("PL")
    return hmac.compare_digest(written.encode(), known.removeprefix("PL").encode())
