"""Asking the losing carrier for a day, and judging the day that it grants."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.common.sight import sight_of
from libs.contracts.porting_events.desk import FirmDateRequested
from libs.contracts.refusals import refuse_all
from services.porting.domain.carrier_orders import CarrierOrder
from services.porting.domain.judgements import (
    FirmDateWarning,
    Judgement,
    Override,
    judge_asked_date,
    judge_firm_date,
)
from services.porting.domain.losing_carriers import LosingCarrier, find_losing_carrier
from services.porting.domain.refusals.desk import (
    CarrierOrderSent,
    CarrierOrdersMissing,
    CarrierOrderUnknown,
)
from services.porting.domain.requests import PortRequestStatus
from services.porting.store import carrier_orders, letters, lines
from services.porting.use_cases.access import (
    lock_as_requester,
    lock_own_request,
    request_not_possible,
)
from services.porting.use_cases.recording import about, save

_USUAL_COUNTRY: Final = "US"
_BEFORE_THE_CARRIER: Final = frozenset(
    {
        PortRequestStatus.DRAFT,
        PortRequestStatus.AWAITING_AUTHORIZATION,
        PortRequestStatus.AWAITING_SIGNATURE,
        PortRequestStatus.IN_REVIEW,
        PortRequestStatus.ACTION_REQUIRED,
    }
)


async def judge_granted_date(
    connection: Connection,
    request_id: str,
    firm_date: date,
    numbers: Sequence[str] | None,
    override_reason: str | None,
) -> tuple[FirmDateWarning, ...]:
    """Of all lines or the named ones; refused where one of their carriers cannot mean it."""
    now = datetime.now(UTC)
    override = None if override_reason is None else Override(reason=override_reason)
    return _settle(
        await _find_carriers(connection, request_id, numbers),
        lambda carrier, country: judge_firm_date(firm_date, carrier, country, now, override),
        "firmDate",
    )


async def request_firm_date(
    connection: Connection,
    caller: Caller,
    request_id: str,
    firm_date: date,
    order_ids: Sequence[str] | None,
) -> str:
    """Of the named carrier orders, or of all that are not sent and those still to come."""
    request = await lock_own_request(connection, caller, request_id)
    if not request.is_draft:
        await lock_as_requester(connection, caller, request_id)
    if request.is_final or (request.status not in _BEFORE_THE_CARRIER and order_ids is None):
        raise await request_not_possible(connection, caller, request)
    sight = sight_of(caller)
    companies = sight.company_ids if sight is not None and order_ids is not None else None
    found = await carrier_orders.find_carrier_orders(connection, [request.id], companies)
    chosen = _choose(found.get(request.id, []), order_ids)
    now = datetime.now(UTC)
    carriers = [(order.carrier, order.key.country) for order in chosen]
    _settle(
        carriers or await _find_carriers(connection, request.id, None),
        lambda carrier, country: judge_asked_date(firm_date, carrier, country, now),
        "firmDate",
    )
    await carrier_orders.request_firm_date(
        connection, [order.id for order in chosen], firm_date
    )
    asked = replace(request, requested_firm_date=firm_date) if order_ids is None else request
    counts = await lines.count_lines(connection, request.id)
    fact = about(
        FirmDateRequested,
        asked,
        counts,
        requested_firm_date=firm_date,
        carrier_order_ids=[order.id for order in chosen],
    )
    await save(connection, asked, fact)
    return request.id


def _choose(
    orders: Sequence[CarrierOrder], order_ids: Sequence[str] | None
) -> list[CarrierOrder]:
    if order_ids is None:
        return [order for order in orders if not order.is_sent]
    if not order_ids:
        raise CarrierOrdersMissing().at("input", "carrierOrderIds")
    known = {order.id: order for order in orders}
    path = ("input", "carrierOrderIds")
    refuse_all(
        CarrierOrderSent().at(*path, str(place))
        if order_id in known
        else CarrierOrderUnknown().at(*path, str(place))
        for place, order_id in enumerate(order_ids)
        if order_id not in known or known[order_id].is_sent
    )
    return [known[order_id] for order_id in order_ids]


async def _find_carriers(
    connection: Connection, request_id: str, numbers: Sequence[str] | None
) -> list[tuple[LosingCarrier, str]]:
    """Those of the lines' orders; without orders the one on the letter, or the usual."""
    ordered = await carrier_orders.find_carriers(connection, request_id, numbers)
    if ordered:
        return [(find_losing_carrier(name), country) for name, country in ordered]
    letter = await letters.find_standing_letter(connection, request_id)
    if letter is None:
        return [(find_losing_carrier(""), _USUAL_COUNTRY)]
    subscriber = letter.subscriber
    return [
        (find_losing_carrier(subscriber.losing_carrier), subscriber.service_address.country)
    ]


def _settle(
    carriers: Sequence[tuple[LosingCarrier, str]],
    judge: Callable[[LosingCarrier, str], Judgement],
    name: str,
) -> tuple[FirmDateWarning, ...]:
    """Each refusal and warning once, however many carriers share it."""
    judgements = [judge(carrier, country) for carrier, country in carriers]
    refusals = {
        str(refusal): refusal.at("input", name)
        for judgement in judgements
        for refusal in judgement.refusals
    }
    refuse_all(refusals.values())
    return tuple(
        dict.fromkeys(warning for judgement in judgements for warning in judgement.warnings)
    )
