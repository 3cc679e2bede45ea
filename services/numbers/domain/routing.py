"""Where a number rings now."""

from dataclasses import dataclass

from libs.contracts.phone_number import PhoneNumber
from services.numbers.domain.tracking_numbers import NumberState


@dataclass(frozen=True, kw_only=True)
class Route:
    """From the moment that a number is preconfigured until it is disabled (S20, S22)."""

    phone_number: PhoneNumber
    forwarding_number: PhoneNumber
    state: NumberState
    number_id: str
    account_id: str
    company_id: str
