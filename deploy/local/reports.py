"""Reports from outside, as a telephony system or a gaining carrier sends them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aio_pika
from aio_pika.abc import AbstractExchange

from libs.common.broker import CONTENT_TYPE
from libs.common.events import Fact, encode, make_event
from libs.contracts.number_reports import CallReceived
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.port_outs import PortOutReported
from libs.contracts.topology import REPORTS


class Reporter:
    def __init__(self, exchange: AbstractExchange) -> None:
        self._exchange = exchange

    async def report_call(self, number: str, calling_number: str) -> None:
        tracking_number = PhoneNumber.parse(number)
        fact = CallReceived(
            tracking_number=tracking_number,
            calling_number=calling_number,
            called_at=datetime.now(UTC),
        )
        await self._report(fact, tracking_number)

    async def report_port_out(
        self, numbers: Sequence[str], gaining_carrier: str, reference: str, answer_by: datetime
    ) -> None:
        fact = PortOutReported(
            gaining_carrier=gaining_carrier,
            reference=reference,
            tracking_numbers=[PhoneNumber.parse(number) for number in numbers],
            answer_by=answer_by,
        )
        await self._report(fact, reference)

    async def _report(self, fact: Fact, subject: str) -> None:
        event = make_event(
            fact, subject=subject, sequence=1, traceparent=None, time=datetime.now(UTC)
        )
        message = aio_pika.Message(
            encode(event).encode(),
            content_type=CONTENT_TYPE,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=str(event.id),
        )
        await self._exchange.publish(message, routing_key=fact.type, mandatory=True)


@asynccontextmanager
async def open_reporter(amqp_url: str) -> AsyncIterator[Reporter]:
    connection = await aio_pika.connect(amqp_url, timeout=10)
    async with connection, connection.channel() as channel:
        yield Reporter(await channel.get_exchange(REPORTS))
