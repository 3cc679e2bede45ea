"""Carrier orders: the lines of a request that one losing carrier can move together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.calendars import is_business_day
from services.porting.domain.countries import Country, country_of, is_toll_free
from services.porting.domain.judgements import FirmDateWarning, is_soon
from services.porting.domain.letter_pages import Page
from services.porting.domain.lines import TERMINAL, LineState
from services.porting.domain.losing_carriers import LosingCarrier, find_losing_carrier

_AREA_CODE_ENDS: Final = len("+1212")


@dataclass(frozen=True, kw_only=True)
class OrderKey:
    """What lines of one carrier order have in common."""

    losing_carrier: str
    country: str
    is_toll_free: bool
    losing_account: str
    billing_number: PhoneNumber | None

    def may_hold(self, number: PhoneNumber) -> bool:
        """One country, and local or toll-free."""
        return (self.country, self.is_toll_free) == (
            _country_of(number, self.country),
            is_toll_free(number),
        )


@dataclass(frozen=True, kw_only=True)
class CarrierOrder:
    """`firm_date` is the latest that its live lines were granted; None while one has none."""

    id: str
    port_request_id: str
    key: OrderKey
    created_at: datetime
    requested_firm_date: date | None = None
    sent_at: datetime | None = None
    carrier_reference: str | None = None
    firm_date: date | None = None
    line_counts: Mapping[LineState, int] = field(default_factory=dict)

    @property
    def is_sent(self) -> bool:
        return self.sent_at is not None

    @property
    def carrier(self) -> LosingCarrier:
        return find_losing_carrier(self.key.losing_carrier)

    def firm_date_warnings(self, now: datetime) -> tuple[FirmDateWarning, ...]:
        """Of the granted date, as long as something has still to move on it."""
        if self.firm_date is None or not self.line_counts.keys() - TERMINAL:
            return ()
        warnings = []
        if not is_business_day(self.firm_date, self.key.country, self.carrier.holidays):
            warnings.append(FirmDateWarning.NOT_A_BUSINESS_DAY)
        if is_soon(self.firm_date, self.carrier.zone, now):
            warnings.append(FirmDateWarning.SOON)
        return tuple(warnings)


def key_of(number: PhoneNumber, page: Page, country: str) -> OrderKey:
    """`country` is the subscriber's."""
    return OrderKey(
        losing_carrier=page.losing_carrier,
        country=_country_of(number, country),
        is_toll_free=is_toll_free(number),
        losing_account=page.account_number,
        billing_number=page.billing_number,
    )


def propose_split(pages: Iterable[Page], country: str) -> dict[OrderKey, list[PhoneNumber]]:
    """Lines that cannot move together are kept apart; each page keeps the number list's order.

    An area code decides for all its numbers: there may be 50,000 of them.
    """
    split: dict[OrderKey, list[PhoneNumber]] = {}
    for page in pages:
        of_area_codes: dict[str, list[PhoneNumber]] = {}
        for line in page.lines:
            number = line.tracking_number
            alike = number[:_AREA_CODE_ENDS] if number.startswith("+1") else number
            group = of_area_codes.get(alike)
            if group is None:
                group = split.setdefault(key_of(number, page, country), [])
                of_area_codes[alike] = group
            group.append(number)
    return split


def judge_mixture(key: OrderKey, numbers: Sequence[PhoneNumber]) -> list[int]:
    """The places of those that the carrier order may not hold."""
    return [place for place, number in enumerate(numbers) if not key.may_hold(number)]


def _country_of(number: PhoneNumber, of_subscriber: str) -> str:
    """A toll-free number, and one of a country that we do not port, count as the subscriber's."""
    found = None if is_toll_free(number) else country_of(number)
    return found or of_subscriber or Country.US
