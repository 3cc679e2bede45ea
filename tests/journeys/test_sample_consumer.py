"""What docs/events shows to other teams works, with the events of a real port."""

import json
from uuid import uuid4

import aio_pika
import pytest

from tests.journeys.observations import select, until
from tests.journeys.sample import PROGRAM, QUEUE

pytestmark = pytest.mark.journey

OTHER = "pr_other"


async def test_the_sample_consumer_tells_a_real_port_once_and_in_order(
    stack, sample, travelled
):
    request = travelled.ids["PortRequest"]
    rows = await select(
        stack, "porting", "SELECT body FROM event_log WHERE subject = $1", request
    )
    told = {
        event["type"]: event
        for event in (json.loads(row["body"]) for row in rows)
        if event["type"].startswith("porting.port_") and "sent" not in event["type"]
    }
    lines = [
        f"{name} {request} {told[name]['sequence']} {told[name]['data']['status']}"
        for name in (
            "porting.port_submitted.v1",
            "porting.port_approved.v1",
            "porting.port_completed.v1",
        )
    ]

    def printed() -> list[str]:
        """Other ports of this stack are told as well."""
        return [line for line in sample.printed if request in line or OTHER in line]

    # Its queue kept them while it was away.
    with sample.running():

        async def told_all() -> bool:
            return len(printed()) >= len(lines)

        await until(told_all)
    # All again; an old one under a new id; and what is new, of another port.
    old = {**told["porting.port_approved.v1"], "id": str(uuid4())}
    other = {**old, "id": str(uuid4()), "subject": OTHER}
    async with await aio_pika.connect(stack.amqp_url) as connection:
        exchange = (await connection.channel()).default_exchange
        for event in (*told.values(), old, other):
            await exchange.publish(aio_pika.Message(json.dumps(event).encode()), QUEUE)
    with sample.running():

        async def told_of_the_other() -> bool:
            return any(OTHER in line for line in printed())

        await until(told_of_the_other)

    # Killed between saying the last and noting it, it says that one again.
    assert list(dict.fromkeys(printed())) == [*lines, lines[1].replace(request, OTHER)]
    assert [printed().count(line) for line in lines[:-1]] == [1, 1]


def test_the_sample_consumer_is_short():
    assert len(PROGRAM.read_text().splitlines()) < 40
