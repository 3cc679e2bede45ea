"""Splitting a request into carrier orders: proposed by us, corrected by the desk until sent."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from libs.common.caller import Caller
from libs.common.database import Connection
from libs.common.ids import made_at, new_id
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.desk import CarrierOrderPart, CarrierOrdersChanged
from libs.contracts.refusals import Refusal, refuse_all
from services.porting.domain.carrier_orders import (
    CarrierOrder,
    OrderKey,
    judge_mixture,
    key_of,
    propose_split,
)
from services.porting.domain.letter_pages import Page, pages_of
from services.porting.domain.letters import Letter
from services.porting.domain.lines import LineEvent, LineState, states_before
from services.porting.domain.refusals.base import TextTooLong
from services.porting.domain.refusals.desk import (
    CarrierOrderMixed,
    CarrierOrderSent,
    CarrierOrdersMissing,
    CarrierOrderUnknown,
    LosingCarrierMissing,
)
from services.porting.domain.refusals.lines import (
    LineNotPossible,
    NumbersMissing,
    NumberUnknown,
)
from services.porting.domain.requests import PortRequest, PortRequestStatus
from services.porting.store import carrier_orders, letters, lines
from services.porting.use_cases.access import lock_own_request, request_not_possible
from services.porting.use_cases.recording import about, save

LONGEST_TEXT: Final = 200
_CAME_TO_NOTHING: Final = frozenset({PortRequestStatus.CANCELLED, PortRequestStatus.EXPIRED})
_UNSENT: Final = states_before(LineEvent.SENT)


async def propose_carrier_orders(
    connection: Connection, request: PortRequest
) -> list[CarrierOrder]:
    """Lines that stand in none are put into those that fit, or into new ones; answers all.

    A letter that was made later has its own word on carrier and account: what is not sent yet
    is put together from it anew.
    """
    letter = await letters.find_standing_letter(connection, request.id)
    if letter is not None:
        await carrier_orders.dissolve_orders(connection, request.id, made_at(letter.id))
    orders = await _find_orders(connection, request.id)
    unassigned = await carrier_orders.find_unassigned(connection, request.id, _UNSENT)
    if not unassigned or letter is None:
        return orders
    unsent = {order.key: order for order in orders if not order.is_sent}
    pages = await _find_pages(connection, letter, unassigned)
    country = letter.subscriber.service_address.country
    for key, numbers in propose_split(pages, country).items():
        order = unsent.get(key) or await _add(connection, request, key)
        await carrier_orders.assign_lines(connection, request.id, order.id, numbers)
    return await _find_orders(connection, request.id)


async def choose_orders_to_send(
    connection: Connection, request: PortRequest, order_ids: Sequence[str] | None
) -> list[str]:
    """All that hold lines which no carrier has, or the named ones of them."""
    orders = await propose_carrier_orders(connection, request)
    unsent = [order.id for order in orders if _has_unsent_lines(order)]
    if order_ids is None:
        return unsent
    known = {order.id for order in orders}
    refuse_all(_faults_of_named(order_ids, known, unsent))
    return [order_id for order_id in unsent if order_id in order_ids]


async def create_carrier_order(
    connection: Connection,
    caller: Caller,
    request_id: str,
    numbers: Sequence[PhoneNumber],
    *,
    losing_carrier: str | None,
    losing_account: str | None,
    billing_number: PhoneNumber | None,
) -> str:
    """From unsent lines of any of its orders; what is not said is as the letter has it."""
    request = await _lock_unfinished(connection, caller, request_id)
    await propose_carrier_orders(connection, request)
    await _refuse_sent(connection, request.id, numbers)
    letter = await letters.find_standing_letter(connection, request.id)
    if letter is None:
        raise LosingCarrierMissing().at("input", "losingCarrier")
    page, *_ = await _find_pages(connection, letter, numbers[:1])
    usual = key_of(numbers[0], page, letter.subscriber.service_address.country)
    key = replace(
        usual,
        losing_carrier=_said(losing_carrier, "losingCarrier") or usual.losing_carrier,
        losing_account=_said(losing_account, "losingAccount") or usual.losing_account,
        billing_number=billing_number or usual.billing_number,
    )
    _refuse_mixture(key, numbers)
    order = await _add(connection, request, key)
    await carrier_orders.assign_lines(connection, request.id, order.id, numbers)
    return await _save_corrected(connection, request)


async def move_lines(
    connection: Connection,
    caller: Caller,
    request_id: str,
    order_id: str,
    numbers: Sequence[PhoneNumber],
) -> str:
    request = await _lock_unfinished(connection, caller, request_id)
    orders = await propose_carrier_orders(connection, request)
    target = _choose_unsent(orders, order_id, "carrierOrderId")
    await _refuse_sent(connection, request.id, numbers)
    _refuse_mixture(target.key, numbers)
    await carrier_orders.assign_lines(connection, request.id, target.id, numbers)
    return await _save_corrected(connection, request)


async def merge_carrier_orders(
    connection: Connection,
    caller: Caller,
    request_id: str,
    order_id: str,
    from_ids: Sequence[str],
) -> str:
    """All lines of the others go into the one; it keeps its carrier and account."""
    request = await _lock_unfinished(connection, caller, request_id)
    orders = await propose_carrier_orders(connection, request)
    target = _choose_unsent(orders, order_id, "carrierOrderId")
    if not from_ids:
        raise CarrierOrdersMissing().at("input", "fromCarrierOrderIds")
    for place, from_id in enumerate(from_ids):
        path = ("fromCarrierOrderIds", str(place))
        merged = _choose_unsent(orders, from_id, *path)
        if not _may_merge(target.key, merged.key):
            raise CarrierOrderMixed().at("input", *path)
    await carrier_orders.assign_lines_of_orders(connection, request.id, target.id, from_ids)
    return await _save_corrected(connection, request)


async def keep_carrier_reference(
    connection: Connection, caller: Caller, request_id: str, order_id: str, reference: str
) -> str:
    """What the losing carrier calls it; of what has ported it may still be asked for."""
    request = await lock_own_request(connection, caller, request_id)
    if request.status in _CAME_TO_NOTHING:
        raise await request_not_possible(connection, caller, request)
    orders = await _find_orders(connection, request.id)
    if order_id not in {order.id for order in orders}:
        raise CarrierOrderUnknown().at("input", "carrierOrderId")
    said = _said(reference, "carrierReference") or ""
    await carrier_orders.keep_reference(connection, order_id, said)
    return await _save_corrected(connection, request)


async def _lock_unfinished(
    connection: Connection, caller: Caller, request_id: str
) -> PortRequest:
    request = await lock_own_request(connection, caller, request_id)
    if request.is_final:
        raise await request_not_possible(connection, caller, request)
    return request


async def _find_orders(connection: Connection, request_id: str) -> list[CarrierOrder]:
    found = await carrier_orders.find_carrier_orders(connection, [request_id], None)
    return found.get(request_id, [])


async def _find_pages(
    connection: Connection, letter: Letter, numbers: Sequence[PhoneNumber]
) -> list[Page]:
    """The letter's pages, with these of its lines only."""
    wanted = set(numbers)
    covered = await letters.find_letter_lines(connection, letter.port_request_id)
    return pages_of(letter, [line for line in covered if line.tracking_number in wanted])


async def _add(connection: Connection, request: PortRequest, key: OrderKey) -> CarrierOrder:
    order = CarrierOrder(
        id=new_id("ord"),
        port_request_id=request.id,
        key=key,
        created_at=datetime.now(UTC),
        requested_firm_date=request.requested_firm_date,
    )
    await carrier_orders.add_carrier_order(connection, request.account_id, order)
    return order


async def _save_corrected(connection: Connection, request: PortRequest) -> str:
    await carrier_orders.remove_empty_orders(connection, request.id)
    counts = await lines.count_lines(connection, request.id)
    orders = await _find_orders(connection, request.id)
    parts = [
        CarrierOrderPart(
            carrier_order_id=order.id,
            losing_carrier=order.key.losing_carrier,
            country=order.key.country,
            is_toll_free=order.key.is_toll_free,
            line_count=sum(order.line_counts.values()),
        )
        for order in orders
    ]
    fact = about(CarrierOrdersChanged, request, counts, carrier_orders=parts)
    await save(connection, request, fact)
    return request.id


async def _refuse_sent(
    connection: Connection, request_id: str, numbers: Sequence[PhoneNumber]
) -> None:
    if not numbers:
        raise NumbersMissing().at("input", "trackingNumbers")
    states = await lines.find_states(connection, request_id, numbers)
    refuse_all(
        _fault_of_line(states.get(number)).at("input", "trackingNumbers", str(place))
        for place, number in enumerate(numbers)
        if states.get(number) not in _UNSENT
    )


def _fault_of_line(state: LineState | None) -> Refusal:
    return NumberUnknown() if state is None else LineNotPossible(state)


def _refuse_mixture(key: OrderKey, numbers: Sequence[PhoneNumber]) -> None:
    refuse_all(
        CarrierOrderMixed().at("input", "trackingNumbers", str(place))
        for place in judge_mixture(key, numbers)
    )


def _may_merge(key: OrderKey, other: OrderKey) -> bool:
    return (key.country, key.is_toll_free) == (other.country, other.is_toll_free)


def _choose_unsent(orders: Sequence[CarrierOrder], order_id: str, *path: str) -> CarrierOrder:
    for order in orders:
        if order.id == order_id:
            if order.is_sent:
                raise CarrierOrderSent().at("input", *path)
            return order
    raise CarrierOrderUnknown().at("input", *path)


def _faults_of_named(
    order_ids: Sequence[str], known: set[str], unsent: Sequence[str]
) -> Iterator[Refusal]:
    if not order_ids:
        yield CarrierOrdersMissing().at("input", "carrierOrderIds")
    for place, order_id in enumerate(order_ids):
        if order_id not in known:
            yield CarrierOrderUnknown().at("input", "carrierOrderIds", str(place))
        elif order_id not in unsent:
            yield CarrierOrderSent().at("input", "carrierOrderIds", str(place))


def _has_unsent_lines(order: CarrierOrder) -> bool:
    return any(order.line_counts.get(LineState(state)) for state in _UNSENT)


def _said(text: str | None, name: str) -> str | None:
    """In one line of single spaces; None where nothing is said."""
    said = " ".join((text or "").split())
    if len(said) > LONGEST_TEXT:
        raise TextTooLong(LONGEST_TEXT).at("input", name)
    return said or None
