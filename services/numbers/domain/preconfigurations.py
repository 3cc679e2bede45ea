"""Preconfiguration: a whole port request's lines become numbers, or none of them does."""

from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.phone_number import PhoneNumber


class LineFault(StrEnum):
    ACCOUNT_DISABLED = "ACCOUNT_DISABLED"
    INTERNAL_PORT = "INTERNAL_PORT"
    FORWARDING_LOOP = "FORWARDING_LOOP"
    UNKNOWN_COMPANY = "UNKNOWN_COMPANY"


class LinesMissingError(Exception):
    """A review started, and not every batch of its lines has been received."""


@dataclass(frozen=True, kw_only=True)
class AnnouncedLine:
    """What porting told about a line; `number_id` is what its number will be called."""

    line_id: str
    number_id: str
    phone_number: PhoneNumber
    forwarding_number: PhoneNumber
    name: str
    source: str
    company_id: str


@dataclass(frozen=True, kw_only=True)
class FaultyLine:
    """A line that cannot be preconfigured; where nothing else holds, its company is unknown.

    `is_taken`: the number is in inventory, or in another line of the same request.
    `loops`: the forwarding number is in inventory, or is itself being ported; or one of our
    numbers rings at this one.
    """

    line_id: str
    phone_number: PhoneNumber
    is_taken: bool
    loops: bool
    account_is_disabled: bool = False

    @property
    def fault(self) -> LineFault:
        """One reason a line: the first that holds."""
        if self.account_is_disabled:
            return LineFault.ACCOUNT_DISABLED
        if self.is_taken:
            return LineFault.INTERNAL_PORT
        if self.loops:
            return LineFault.FORWARDING_LOOP
        return LineFault.UNKNOWN_COMPANY


@dataclass(frozen=True, kw_only=True)
class Preconfiguration:
    """`version` numbers our events about the port request.

    `review` is the sequence of the last `review_started` that was answered.
    """

    port_request_id: str
    account_id: str
    version: int
    review: int
