"""Subscriptions of the running service."""

import asyncio
import json
import signal
import time

import pytest
import websockets

from tests.notifications.accounts import Names, add_member
from tests.notifications.facts import (
    approved,
    first_call,
    member_changed,
    port_out_received,
    submitted,
)
from tests.notifications.processes import RunningService

PORTS = """
    subscription ($accountId: ID, $companyId: ID, $portRequestId: ID, $after: String) {
      portStatusChanged(
        accountId: $accountId, companyId: $companyId, portRequestId: $portRequestId, after: $after
      ) {
        cursor event subject version occurredAt status
        portRequest { id } portOut { id } trackingNumber { id } account { id }
      }
    }
"""
NUMBERS = """
    subscription ($after: String) {
      numberStatusChanged(after: $after) { subject status trackingNumber { id } }
    }
"""


@pytest.mark.requirement("S60")
async def test_support_hears_every_change_with_its_entities(service, names) -> None:
    async with service.socket(service.desk) as socket:
        await socket.subscribe(PORTS, accountId=names.account)
        port_out = port_out_received(
            names.port_out, account_id=names.account, company_ids=[names.company]
        )
        await service.publish(submitted(names.request, **names.owner), port_out)

        request_change, port_out_change = await socket.read_changes(2)

    assert request_change == {
        "cursor": request_change["cursor"],
        "event": "porting.port_submitted.v1",
        "subject": names.request,
        "version": 1,
        "occurredAt": "2026-01-31T09:30:01Z",
        "status": "IN_REVIEW",
        "portRequest": {"id": names.request},
        "portOut": None,
        "trackingNumber": None,
        "account": {"id": names.account},
    }
    assert port_out_change["portOut"] == {"id": names.port_out}
    assert port_out_change["status"] == "RECEIVED"


async def test_numbers_have_a_stream_of_their_own(service, names) -> None:
    token = await add_member(service, names)
    async with service.socket(token) as socket:
        await socket.subscribe(NUMBERS)
        owner = {"account_id": names.account, "company_id": names.company}
        await service.publish(
            submitted(names.request, **names.owner), first_call(names.number, **owner)
        )

        change = await socket.read_change()

        assert change["trackingNumber"] == {"id": names.number}
        assert change["status"] == "ACTIVE"
        assert await socket.is_silent()


@pytest.mark.requirement("S60")
async def test_a_change_reaches_a_subscriber_well_before_the_table_is_polled(service, names):
    token = await add_member(service, names)
    async with service.socket(token) as socket:
        await socket.subscribe(PORTS)
        delays = []
        for version in range(1, 6):
            started = time.monotonic()
            await service.publish(approved(names.request, version, **names.owner))
            await socket.read_change()
            delays.append(time.monotonic() - started)

    assert sorted(delays)[2] < 0.3


async def test_who_is_not_signed_in_is_told_so(service: RunningService) -> None:
    async with service.socket() as socket:
        await socket.subscribe(PORTS)

        message = await socket.read()

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("scopes", [["calls:report"], []])
async def test_machines_and_strangers_hear_nothing(service: RunningService, scopes) -> None:
    async with service.socket(service.token("nobody", scopes=scopes)) as socket:
        await socket.subscribe(PORTS)

        message = await socket.read()

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_an_unknown_filter_and_a_foreign_one_are_both_silent(service, names) -> None:
    token = await add_member(service, names)
    foreign = Names()
    async with service.socket(token) as socket:
        await socket.subscribe(PORTS, "account", accountId=foreign.account)
        await socket.subscribe(PORTS, "no account", accountId="acc_unknown")
        await socket.subscribe(PORTS, "company", companyId=foreign.company)
        await socket.subscribe(PORTS, "request", portRequestId=foreign.request)
        await socket.subscribe(PORTS, "odd", portRequestId="\0'", accountId="%")
        await socket.subscribe(PORTS, "odd, resumed", portRequestId="\0'", after="WzBd")
        await service.publish(submitted(foreign.request, **foreign.owner))

        assert await socket.is_silent(1.5)


async def test_a_request_can_be_followed_before_it_is_known(service, names) -> None:
    token = await add_member(service, names)
    async with service.socket(token) as socket:
        await socket.subscribe(PORTS, portRequestId=names.request)
        await service.publish(
            submitted(f"{names.request}x", **names.owner),
            submitted(names.request, **names.owner),
        )

        assert (await socket.read_change())["subject"] == names.request


@pytest.mark.requirement("S48")
async def test_a_client_manager_hears_only_of_their_own_requests(service, names) -> None:
    token = await add_member(
        service, names, role="CLIENT_MANAGER", company_ids=[names.company]
    )
    async with service.socket(token) as socket:
        await socket.subscribe(PORTS)
        colleague = {**names.owner, "requester_id": "mem_colleague"}
        await service.publish(
            submitted(f"{names.request}x", **colleague),
            submitted(names.request, **names.owner),
        )

        assert (await socket.read_change())["subject"] == names.request
        assert await socket.is_silent()


async def test_a_client_resumes_after_its_cursor(service, names) -> None:
    token = await add_member(service, names)
    async with service.socket(token) as socket:
        await socket.subscribe(PORTS)
        await service.publish(submitted(names.request, **names.owner))
        first = await socket.read_change()
    await service.publish(
        approved(names.request, 2, **names.owner), approved(names.request, 3, **names.owner)
    )
    async with service.socket(token) as socket:
        await socket.subscribe(PORTS, after=first["cursor"])
        await service.publish(approved(names.request, 4, **names.owner))

        versions = [change["version"] for change in await socket.read_changes(3)]

        assert versions == [2, 3, 4]
        assert await socket.is_silent()


@pytest.mark.parametrize("cursor", ["nonsense", "", "WzFdx", "Wzk5OTk5OTk5OV0", "W10"])
async def test_a_bad_cursor_is_refused(service: RunningService, cursor) -> None:
    async with service.socket(service.desk) as socket:
        await socket.subscribe(PORTS, after=cursor)

        message = await socket.read()

        end = await socket.read()

    (error,) = message["payload"]["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "cursor" in error["message"]
    assert end == {"id": "1", "type": "complete"}


async def test_a_role_taken_away_completes_the_stream_within_a_second(service, names) -> None:
    token = await add_member(service, names)
    async with service.socket(token) as socket:
        await socket.subscribe(PORTS)
        await service.publish(
            member_changed(names.account, sequence=2, member_id=names.member, active=False),
            submitted(names.request, **names.owner),
        )

        message = await socket.read(within_s=1.5)

    assert message == {"id": "1", "type": "complete"}


async def test_the_tokens_end_completes_the_stream(service, names) -> None:
    await add_member(service, names)
    async with service.socket(service.token(names.member, lifetime_s=2)) as socket:
        await socket.subscribe(PORTS)

        message = await socket.read(within_s=10)

    assert message == {"id": "1", "type": "complete"}


async def test_one_token_may_have_many_subscriptions(service, names) -> None:
    token = await add_member(service, names)
    async with service.socket(token) as socket:
        for number in range(149):
            payload = {"query": PORTS}
            message = {"id": f"more {number}", "type": "subscribe", "payload": payload}
            await socket.connection.send(json.dumps(message))
        await socket.subscribe(PORTS, "last")
        await asyncio.sleep(1)
        await service.publish(submitted(names.request, **names.owner))

        ids = {(await socket.read())["id"] for _ in range(150)}

    assert len(ids) == 150


async def test_a_killed_service_loses_nothing_for_who_resumes(service, names) -> None:
    token = await add_member(service, names)
    async with service.socket(token) as socket:
        await socket.subscribe(PORTS)
        await service.publish(submitted(names.request, **names.owner))
        cursor = (await socket.read_change())["cursor"]
        publishing = asyncio.create_task(
            service.publish(
                *(approved(names.request, n, **names.owner) for n in range(2, 302))
            )
        )
        await asyncio.sleep(0.05)
        service.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(service.process.wait)
    await publishing
    await asyncio.to_thread(service.start_again)
    async with service.socket(token) as socket:
        await socket.subscribe(PORTS, after=cursor)

        versions = [change["version"] for change in await socket.read_changes(300)]

    assert versions == list(range(2, 302))


async def test_shutdown_closes_sockets_with_1012_and_does_not_hang(service, names) -> None:
    async with service.socket(service.desk) as socket, service.socket(service.desk) as idle:
        await socket.subscribe(PORTS)
        await service.publish(submitted(names.request, **names.owner))
        await socket.read_change()
        started = time.monotonic()

        service.process.send_signal(signal.SIGTERM)
        for each in (socket, idle):
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await each.read()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        await asyncio.to_thread(service.process.wait, 10)

    assert time.monotonic() - started < 5
    await asyncio.to_thread(service.start_again)
