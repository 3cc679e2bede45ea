"""A batch of messages: published at once, and each with its own answer."""

import asyncio

import aio_pika
import aiormq
import pytest

from libs.common.broker import CONTENT_TYPE, LOST, declare
from libs.common.confirms import REFUSED, BatchPublisher, Message
from tests.common.traffic import EXCHANGE, TOPOLOGY, Changed, take


@pytest.fixture
async def connection(amqp_url):
    async with await aio_pika.connect(amqp_url) as opened:
        async with opened.channel() as declaring:
            await declare(declaring, TOPOLOGY)
        yield opened


@pytest.fixture
async def publisher(connection):
    channel = await connection.channel(on_return_raises=True)
    return BatchPublisher(
        channel=await channel.get_underlay_channel(),
        exchange=EXCHANGE,
        content_type=CONTENT_TYPE,
    )


def message(place: int = 0, **given: object) -> Message:
    made = {
        "id": f"event-{place}",
        "type": Changed.type,
        "traceparent": None,
        "body": b"{}",
        **given,
    }
    return Message(**made)


async def limit_queue(connection, **arguments: object) -> None:
    async with connection.channel() as channel:
        queue = await channel.declare_queue(
            "short", durable=True, arguments={"x-queue-type": "quorum", **arguments}
        )
        await queue.bind(EXCHANGE, "#")


async def test_a_message_arrives_with_all_that_was_said_about_it(amqp_url, publisher):
    said = message(
        traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01", body='{"ä":1}'.encode()
    )

    assert await publisher.publish([said], timeout_s=5) == [None]

    (received,) = await take(amqp_url, 1)
    assert received.body == said.body
    assert received.message_id == said.id
    assert received.type == received.routing_key == said.type
    assert received.content_type == CONTENT_TYPE
    assert received.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert received.headers == {"traceparent": said.traceparent}


async def test_a_batch_arrives_in_its_order(amqp_url, publisher):
    batch = [message(place) for place in range(300)]

    assert await publisher.publish(batch, timeout_s=5) == [None] * 300

    received = await take(amqp_url, 300)
    assert [each.message_id for each in received] == [each.id for each in batch]


@pytest.mark.parametrize("size", [0, 1, 131_063, 131_064, 131_065, 400_000])
async def test_a_body_of_any_length_arrives_whole(amqp_url, publisher, size):
    assert await publisher.publish([message(body=b"x" * size)], timeout_s=5) == [None]

    (received,) = await take(amqp_url, 1)
    assert received.body == b"x" * size


async def test_an_empty_batch_is_no_work(publisher):
    assert await publisher.publish([], timeout_s=5) == []


async def test_what_no_queue_wants_is_refused_and_the_others_are_confirmed(publisher):
    batch = [message(0), message(1, type="unheard.of.v1"), message(2)]

    first, second, third = await publisher.publish(batch, timeout_s=5)

    assert (first, third) == (None, None)
    assert isinstance(second, aiormq.exceptions.PublishError)


async def test_the_channel_goes_on_after_a_refusal(amqp_url, publisher):
    await publisher.publish([message(0, type="unheard.of.v1")], timeout_s=5)

    assert await publisher.publish([message(1), message(2)], timeout_s=5) == [None, None]

    assert [each.message_id for each in await take(amqp_url, 2)] == ["event-1", "event-2"]


async def test_a_full_queue_refuses(connection, publisher):
    await limit_queue(connection, **{"x-max-length": 1, "x-overflow": "reject-publish"})

    outcomes = [
        outcome
        for place in range(20)
        for outcome in await publisher.publish([message(place)], timeout_s=5)
    ]

    assert outcomes[0] is None
    assert isinstance(outcomes[-1], aiormq.exceptions.DeliveryError)


async def test_a_lost_connection_is_the_answer_to_all_that_is_open(connection, publisher):
    await publisher.channel.connection.close()

    (outcome,) = await publisher.publish([message()], timeout_s=5)

    assert isinstance(outcome, LOST)
    assert not isinstance(outcome, REFUSED)


async def test_a_channel_that_ends_meanwhile_answers_at_once(publisher):
    """The exchange is unknown: the broker closes the channel instead of confirming."""
    elsewhere = BatchPublisher(
        channel=publisher.channel, exchange="no.such.exchange", content_type=CONTENT_TYPE
    )

    async with asyncio.timeout(3):
        outcomes = await elsewhere.publish([message(0), message(1)], timeout_s=60)

    assert all(isinstance(each, LOST) for each in outcomes)
    assert not any(isinstance(each, REFUSED) for each in outcomes)


async def test_who_does_not_answer_in_time_has_not_confirmed(publisher, monkeypatch):
    async def swallow(_frame: object) -> None:
        pass

    monkeypatch.setattr(publisher.channel.write_queue, "put", swallow)

    (outcome,) = await publisher.publish([message()], timeout_s=0.05)

    assert isinstance(outcome, TimeoutError)
