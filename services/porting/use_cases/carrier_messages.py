"""What goes between us and carriers: kept first, in both directions, and worked afterwards."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from libs.common.database import Connection
from libs.common.vault import Vault
from services.porting.domain.carriers import (
    CarrierMessage,
    ConflictRaised,
    Rejected,
    Telling,
)
from services.porting.domain.refusals.carriers import (
    CarrierMessageNotGivenUp,
    CarrierMessageUnknown,
)
from services.porting.domain.requests import PortRequest
from services.porting.integrations.carriers.protocol import Heard
from services.porting.store import carrier_message_lists, heard_messages, told_messages
from services.porting.use_cases.pins import without_pins

log = logging.getLogger(__name__)

UNKNOWN_ORDER: Final = "UNKNOWN_ORDER"


async def tell_carrier(
    connection: Connection, kind: Telling, request: PortRequest, numbers: Sequence[str]
) -> None:
    """To be called in the transaction of the change, with the request as it was saved.

    Each carrier order that has some of the numbers is told of those. A request whose lines are
    in none is one order itself.
    """
    orders = await told_messages.find_orders_of(connection, request.id, numbers)
    for reference, its_numbers in orders.items():
        await told_messages.add_telling(
            connection,
            kind,
            reference=reference,
            order_version=request.version,
            port_request_id=request.id,
            account_id=request.account_id,
            numbers=its_numbers,
        )


async def receive(
    connection: Connection, carrier_name: str, heard: Heard, vault: Vault | None
) -> bool:
    """Answers whether it is new. A message about an order that is not theirs changes nothing.

    Whatever way it came, a PIN that it repeats is left out; without a vault none was told.
    What we told is touched before what they said, here and wherever both are: no two wait for
    each other.
    """
    message = heard.message
    order = await told_messages.find_order(connection, carrier_name, message.reference)
    if order and message.version is not None:
        await told_messages.confirm(connection, message.reference, message.version)
    reason = None if order else UNKNOWN_ORDER
    raw = heard.raw
    if order is not None and vault is not None:
        message, raw = await _without_pins(connection, heard, order.port_request_id, vault)
    is_new = await heard_messages.add_heard(
        connection, carrier_name, message, raw, order, reason
    )
    if is_new:
        log.info(
            "a carrier said something",
            extra={
                "action": "carrier.heard",
                "carrier": carrier_name,
                "port_request_id": order.port_request_id if order else None,
                "kind": message.kind,
                "reason": reason,
            },
        )
    return is_new


async def _without_pins(
    connection: Connection, heard: Heard, request_id: str, vault: Vault
) -> tuple[CarrierMessage, str]:
    """Only those that have words of their own can repeat one."""
    message = heard.message
    if not isinstance(message, Rejected | ConflictRaised):
        return message, heard.raw
    text, raw = await without_pins(connection, request_id, vault, [message.text, heard.raw])
    return replace(message, text=text), raw


async def receive_call(
    connection: Connection, carrier_name: str, heard: Heard, vault: Vault
) -> bool:
    """The same, for what the carrier called back with: a repeated call is listed, and ignored."""
    is_new = await receive(connection, carrier_name, heard, vault)
    if not is_new:
        await heard_messages.count_again(connection, carrier_name, heard.message.message_id)
    return is_new


async def try_again(connection: Connection, message_id: str) -> str:
    """What was given up is told, or worked, as if it were new."""
    message = await carrier_message_lists.find_message(connection, message_id)
    if message is None:
        raise CarrierMessageUnknown().at("input", "carrierMessageId")
    if await carrier_message_lists.try_message_again(connection, message_id) is None:
        raise CarrierMessageNotGivenUp(message.state.name).at("input", "carrierMessageId")
    return message_id
