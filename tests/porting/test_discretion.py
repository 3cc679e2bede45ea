"""What must not be in events and logs."""

import json
import logging
from dataclasses import asdict

import pytest

from libs.common.events import MAX_EVENT_BYTES
from services.porting.use_cases import carrier
from tests.porting.builders import (
    SUPPORT,
    a_request_with_the_carrier,
    a_subscriber,
    first_call,
    found_house,
    hear,
    now,
    phone,
)

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


async def a_whole_port(database) -> str:
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100), phone(101)])
    await hear(database, first_call(house, request_id, phone(100), now()))
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_ported(connection, SUPPORT, request_id, now(), None)
    return request_id


async def test_events_say_nothing_of_pins_and_nothing_that_only_the_letter_says(database):
    await a_whole_port(database)
    async with database.working() as connection:
        bodies = [row["body"] for row in await connection.fetch("SELECT body FROM outbox")]
    secrets = asdict(a_subscriber())
    address = secrets.pop("service_address")
    told = {"losing_carrier", "billing_number"}
    hidden = [
        value
        for key, value in (secrets | address).items()
        if isinstance(value, str) and key not in told
    ]
    for body in bodies:
        assert len(body.encode()) <= MAX_EVENT_BYTES
        said = json.dumps(json.loads(body)["data"])
        assert "pin" not in {key.lower() for key in json.loads(body)["data"]}
        assert not [each for each in hidden if len(each) > 2 and each in said]


async def test_logs_name_steps_and_ids_and_nobody(database, caplog):
    with caplog.at_level(logging.INFO, logger="services.porting"):
        request_id = await a_whole_port(database)
    said = [
        {key: value for key, value in vars(record).items() if key not in STANDARD}
        for record in caplog.records
    ]
    actions = [line["action"] for line in said]
    assert {
        "porting.letter_signed",
        "porting.port_submitted",
        "porting.review_started",
        "porting.lines_preconfigured",
        "porting.port_sent_to_carrier",
        "line.called_early",
        "porting.lines_ported",
        "porting.port_completed",
    } <= set(actions)
    assert {line["port_request_id"] for line in said} == {request_id}
    text = " ".join([*map(str, said), caplog.text])
    for secret in ("Ada", "example.com", "Acme", "555", "Main Street", "A-1", "Move"):
        assert secret not in text


async def port_and_fall(database, request_id: str) -> None:
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_ported(connection, SUPPORT, request_id, now(), None)
        raise RuntimeError


async def test_a_step_that_is_rolled_back_is_not_logged(database, caplog):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(100)])
    caplog.clear()
    caplog.set_level(logging.INFO, logger="services.porting")
    with pytest.raises(RuntimeError):
        await port_and_fall(database, request_id)
    assert caplog.records == []
