"""What porting says about its ports, as far as it keeps an account from being disabled."""

from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.phone_number import PhoneNumber


class LeavingState(StrEnum):
    """Of one number of a port-out: confirmation is for each number (S82)."""

    LEAVING = "LEAVING"
    LEFT = "LEFT"
    CONFIRMED = "CONFIRMED"
    STAYED = "STAYED"


@dataclass(frozen=True, kw_only=True)
class PortRequestNews:
    """Open from its submission to its end: a draft ties nobody."""

    port_request_id: str
    account_id: str
    is_open: bool
    version: int


@dataclass(frozen=True, kw_only=True)
class LeavingNews:
    port_out_id: str
    account_id: str
    phone_number: PhoneNumber
    state: LeavingState
    version: int
