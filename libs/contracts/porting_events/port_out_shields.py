"""Facts about port-out shields: what an account sets against unwanted port-outs."""

from typing import ClassVar

from pydantic import AwareDatetime

from libs.common.events import Fact
from libs.contracts.phone_number import PhoneNumber


class PortOutShieldFact(Fact):
    """`subject` is the account's shield. Every administrator is told of each.

    `by` is a member's id, `support` or `system`.
    """

    account_id: str
    by: str
    at: AwareDatetime
    is_account_locked: bool
    is_pin_set: bool


class PortOutLockFact(PortOutShieldFact):
    """Of these numbers; of the whole account where there are none, and then only of that."""

    tracking_numbers: list[PhoneNumber]


class PortOutLocked(PortOutLockFact):
    """Port-outs are refused from now on."""

    type: ClassVar[str] = "porting.port_out_locked.v1"


class PortOutUnlockAsked(PortOutLockFact):
    """They stay locked until `unlocks_at`: whoever objects locks them again before."""

    type: ClassVar[str] = "porting.port_out_unlock_asked.v1"
    unlocks_at: AwareDatetime


class PortOutUnlocked(PortOutLockFact):
    """The unlocking has cooled off."""

    type: ClassVar[str] = "porting.port_out_unlocked.v1"


class PortOutPinChanged(PortOutShieldFact):
    """A new PIN, or none any more."""

    type: ClassVar[str] = "porting.port_out_pin_changed.v1"


class PortOutPinBlocked(PortOutShieldFact):
    """Gaining carriers wrote too many wrong PINs: until then every one is refused."""

    type: ClassVar[str] = "porting.port_out_pin_blocked.v1"
    blocked_until: AwareDatetime
    tracking_numbers: list[PhoneNumber]


class PortOutPinTriesReset(PortOutShieldFact):
    """Support lets gaining carriers try PINs again."""

    type: ClassVar[str] = "porting.port_out_pin_tries_reset.v1"


class PortOutIdentifierRevealed(PortOutShieldFact):
    """An administrator read the account identifier that a gaining carrier asks for (S72)."""

    type: ClassVar[str] = "porting.port_out_identifier_revealed.v1"
