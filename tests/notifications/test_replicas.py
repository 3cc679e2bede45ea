"""Several replicas of the running service: each serves one dashboard as well as one alone does."""

import asyncio
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime

from libs.common.events import Event
from tests.notifications.accounts import Names, add_member
from tests.notifications.facts import account_changed, approved, claimed, submitted
from tests.notifications.processes import RunningService, another_replica

PORTS = """
    subscription ($accountId: ID, $after: String) {
      portStatusChanged(accountId: $accountId, after: $after) { cursor version }
    }
"""
DESK = """
    subscription ($accountId: ID) {
      deskQueueChanged(accountId: $accountId) { event status portRequest { id } account { id } }
    }
"""
FEED = """
    subscription ($after: String) {
      notificationReceived(after: $after) {
        id cursor message group urgency title readAt portRequest { id }
      }
    }
"""
LIST = """
    query ($filter: NotificationFilter) {
      unreadNotificationCount
      notifications(filter: $filter) { totalCount edges { node { id message } } }
    }
"""
READ = """
    mutation ($ids: [ID!]!) {
      markNotificationsRead(input: { notificationIds: $ids, idempotencyKey: "once" }) {
        notifications { id readAt } unreadNotificationCount userErrors { code path }
      }
    }
"""
READ_ALL = """
    mutation ($upTo: String) {
      markAllNotificationsRead(input: { upTo: $upTo }) {
        unreadNotificationCount userErrors { code }
      }
    }
"""


def now(event: Event) -> Event:
    """What is old is not told."""
    return replace(event, time=datetime.now(UTC))


async def test_two_replicas_serve_one_dashboard_each_and_one_goes_on_alone(
    service: RunningService, names: Names
) -> None:
    async with another_replica(service) as other:
        async with service.socket(service.desk) as mine:
            await mine.subscribe(PORTS, accountId=names.account)
            async with other.socket(service.desk) as theirs:
                await theirs.subscribe(PORTS, accountId=names.account)
                publishing = asyncio.create_task(
                    service.publish(
                        *(approved(names.request, n, **names.owner) for n in range(1, 61))
                    )
                )
                heard = await asyncio.gather(mine.read_changes(60), theirs.read_changes(60))
                await publishing
                for changes in heard:
                    assert [change["version"] for change in changes] == list(range(1, 61))

                service.process.send_signal(signal.SIGKILL)
                await asyncio.to_thread(service.process.wait)
                await service.publish(
                    *(approved(names.request, n, **names.owner) for n in range(61, 71))
                )
                alone = [await theirs.read_change(within_s=20) for _ in range(10)]
        assert [change["version"] for change in alone] == list(range(61, 71))
        async with other.socket(service.desk) as resumed:
            cursor = heard[0][-1]["cursor"]
            await resumed.subscribe(PORTS, accountId=names.account, after=cursor)
            again = await resumed.read_changes(10)
        assert again == alone
        await asyncio.to_thread(service.start_again)


async def test_support_hears_the_desks_queue_and_members_may_not(
    service: RunningService, names: Names
) -> None:
    token = await add_member(service, names)
    async with service.socket(service.desk) as desk, service.socket(token) as curious:
        await desk.subscribe(DESK, accountId=names.account)
        await curious.subscribe(DESK)
        await service.publish(
            submitted(names.request, **names.owner), claimed(names.request, **names.owner)
        )

        changes = await desk.read_changes(2)
        refusal = await curious.read()

    assert [change["event"] for change in changes] == [
        "porting.port_submitted.v1",
        "porting.port_claimed.v1",
    ]
    assert changes[1]["portRequest"] == {"id": names.request}
    assert changes[1]["account"] == {"id": names.account}
    assert refusal["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_member_is_told_live_on_every_replica_and_reads_it_once(
    service: RunningService, names: Names
) -> None:
    token = await add_member(service, names)
    await service.publish(account_changed(names.account, sequence=2))
    async with another_replica(service) as other:
        async with service.socket(token) as mine, other.socket(token) as theirs:
            await mine.subscribe(FEED)
            await theirs.subscribe(FEED)
            await service.publish(
                now(submitted(names.request, **names.owner, authorized_by=names.member))
            )

            told = await mine.read_change()
            assert await theirs.read_change() == told
            await service.publish(now(approved(names.request, **names.owner)))
            newer = await theirs.read_change()
        async with other.socket(token) as resumed:
            await resumed.subscribe(FEED, after=told["cursor"])
            assert await resumed.read_change() == newer
            assert await resumed.is_silent()

        async with other.socket(token) as socket:
            await socket.subscribe(FEED)
            delays = []
            for version in range(3, 8):
                started = time.monotonic()
                await service.publish(now(approved(names.request, version, **names.owner)))
                await socket.read_change()
                delays.append(time.monotonic() - started)

    # Where nothing is announced, the table is looked through once a second.
    assert sorted(delays)[3] < 0.3
    assert told["message"] == "port_submitted"
    assert told["portRequest"] == {"id": names.request}
    assert told["title"]
    assert told["readAt"] is None

    unknown = (await service.ask(READ, token, ids=[told["id"], "ntf_unknown"]))["data"]
    assert unknown["markNotificationsRead"]["userErrors"] == [
        {"code": "NOT_FOUND", "path": ["input", "notificationIds", "1"]}
    ]
    read = (await service.ask(READ, token, ids=[told["id"]]))["data"]["markNotificationsRead"]
    again = (await service.ask(READ, token, ids=[told["id"]]))["data"]["markNotificationsRead"]
    assert read == again
    assert read["notifications"][0]["readAt"]
    assert read["unreadNotificationCount"] == 6

    unread = (await service.ask(LIST, token, filter={"unread": True}))["data"]
    assert unread["unreadNotificationCount"] == 6
    assert newer["id"] == unread["notifications"]["edges"][-1]["node"]["id"]
    other_group = {"groups": ["SECURITY"]}
    assert (await service.ask(LIST, token, filter=other_group))["data"]["notifications"] == {
        "totalCount": 0,
        "edges": [],
    }
    done = (await service.ask(READ_ALL, token, upTo=newer["cursor"]))["data"]
    assert done["markAllNotificationsRead"]["unreadNotificationCount"] == 5
