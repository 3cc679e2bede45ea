"""Sending mails, to a mail server that does what real ones do."""

import asyncio
from datetime import timedelta

import pytest

from libs.contracts.porting_events.requests import DraftChanged, PortCancelled
from services.notifications.domain.mails import InDoubt, NotReached
from services.notifications.domain.messages import Message
from services.notifications.integrations.mail_server import MailServer, MailServerPlace
from tests.notifications.callers import hear
from tests.notifications.facts import account_changed, event, member_changed
from tests.notifications.mail_server import text_of
from tests.notifications.test_reminder_timers import about, now, sent

COMPLETED, BY_LAW = Message.PORT_COMPLETED, Message.PORT_OUT_RECEIVED


async def test_a_mail_is_sent_once_with_text_and_html_and_no_more_is_due(post):
    mail_id = await post.add(COMPLETED, is_partial=False)

    await post.send()

    assert await post.send() is None
    (message,) = post.server.taken
    assert message["Subject"] == "“Spring move” is complete"
    assert message["To"] == "Ada <ada@customer.example>"
    assert message["From"] == "Portline <no-reply@portline.example>"
    assert message["Message-ID"] == f"<{mail_id}.1@portline.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Please make a test call" in text_of(message)
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    row = await post.look_at(mail_id)
    assert (row["state"], row["code"], row["sent_at"]) == ("sent", "250", post.clock.now)


async def test_what_is_not_due_yet_waits(post):
    mail_id = await post.add(COMPLETED)
    post.clock.pass_by(minutes=-1)

    assert await post.send() is None
    assert await post.state_of(mail_id) == "queued"


async def test_many_mails_go_over_one_connection(post):
    for _ in range(5):
        await post.add(COMPLETED)

    while await post.send():
        pass

    assert len(post.server.taken) == 5
    assert post.server.connections == 1


async def test_a_connection_that_the_server_ended_meanwhile_is_opened_anew(post):
    first, second = await post.add(COMPLETED), await post.add(COMPLETED)
    await post.send()
    post.server.drops_first = 1

    await post.send()

    assert [await post.state_of(each) for each in (first, second)] == ["sent", "sent"]
    assert post.server.connections == 2


async def test_two_workers_send_a_mail_once(post):
    other = MailServer(MailServerPlace.parse(post.server.url))
    await post.add(COMPLETED)
    twin = type(post.worker)(
        database=post.database, server=other, writer=post.worker.writer, clock=post.clock
    )

    await asyncio.gather(post.worker.send_one(), twin.send_one())
    await other.close()

    assert len(post.server.taken) == 1


@pytest.mark.parametrize("answer", ["451 4.7.1 greylisted", "421 4.3.2 closing"])
async def test_a_recipient_turned_away_for_now_is_tried_again_later(post, answer):
    mail_id = await post.add(COMPLETED)
    post.server.answers_to_recipient.append(answer)

    await post.send()

    row = await post.look_at(mail_id)
    assert (row["state"], row["code"]) == ("queued", answer[:3])
    assert await post.send() is None
    post.clock.pass_by(minutes=1)
    await post.send()
    assert await post.state_of(mail_id) == "sent"


async def test_a_mail_server_that_is_away_for_a_day_gets_every_mail_once_it_is_back(post):
    ids = [await post.add(COMPLETED) for _ in range(3)]
    await post.server.stop()
    for _ in range(24):
        assert isinstance(await post.send(), NotReached)
        post.clock.pass_by(hours=1)

    await post.server.start()
    while await post.send():
        pass

    assert [await post.state_of(each) for each in ids] == ["sent"] * 3
    assert len(post.server.taken) == 3


async def test_a_refused_recipient_bounces_with_the_servers_code(post):
    mail_id = await post.add(COMPLETED)
    post.server.answers_to_recipient.append("550 5.1.1 no such user ada@customer.example")

    await post.send()

    row = await post.look_at(mail_id)
    assert (row["state"], row["code"]) == ("bounced", "550")
    assert "ada" not in row["reason"]
    assert await post.send() is None


async def test_a_mail_refused_for_what_it_says_bounces_and_the_next_goes_on(post):
    refused, next_one = await post.add(COMPLETED), await post.add(COMPLETED)
    post.server.answers_to_data.append("554 5.7.1 looks like spam")

    await post.send()
    await post.send()

    states = {await post.state_of(refused), await post.state_of(next_one)}
    assert states == {"bounced", "sent"}
    assert post.server.connections == 1


async def test_a_server_that_takes_nothing_of_ours_costs_no_mail_its_chance(post):
    mail_id = await post.add(COMPLETED)
    post.server.answers_to_sender.extend(["550 5.7.1 unknown sender"])

    assert isinstance(await post.send(), NotReached)

    post.clock.pass_by(minutes=1)
    await post.send()
    assert await post.state_of(mail_id) == "sent"


async def test_a_connection_dropped_after_the_mail_leaves_a_doubt_that_nobody_repeats(post):
    mail_id = await post.add(COMPLETED)
    post.server.drops_after_data = 1

    assert isinstance(await post.send(), InDoubt)

    assert await post.state_of(mail_id) == "maybe_sent"
    post.clock.pass_by(days=1)
    assert await post.send() is None
    assert len(post.server.taken) == 1


async def test_what_the_law_wants_told_is_sent_again_under_the_same_message_id(post):
    mail_id = await post.add(BY_LAW, subject="po_1")
    post.server.drops_after_data = 1

    await post.send()
    assert await post.state_of(mail_id) == "queued"
    post.clock.pass_by(minutes=15)
    await post.send()

    assert await post.state_of(mail_id) == "sent"
    first, second = post.server.taken
    assert first["Message-ID"] == second["Message-ID"]


async def test_a_doubt_that_comes_back_each_time_ends_before_somebody(post):
    mail_id = await post.add(BY_LAW, subject="po_1")
    post.server.drops_after_data = 9
    for _ in range(9):
        await post.send()
        post.clock.pass_by(hours=1)

    assert await post.state_of(mail_id) == "maybe_sent"
    assert len(post.server.taken) == 4


@pytest.mark.parametrize(("message", "then"), [(COMPLETED, "maybe_sent"), (BY_LAW, "queued")])
async def test_a_try_whose_worker_died_is_in_doubt_after_its_lease(post, message, then):
    mail_id = await post.add(message)
    async with post.database.working() as connection:
        await connection.execute(
            "UPDATE mails SET state = 'sending', attempts = 1, claimed_until = $1",
            post.clock.now + timedelta(minutes=5),
        )

    assert await post.send() is None
    assert await post.state_of(mail_id) == "sending"
    post.clock.pass_by(minutes=6)
    assert await post.send() is None

    row = await post.look_at(mail_id)
    assert (row["state"], row["reason"]) == (then, "worker_lost")


async def test_a_service_that_stops_lets_the_mail_under_way_arrive(post):
    mail_id = await post.add(COMPLETED)
    reached, goes_on = asyncio.Event(), asyncio.Event()
    take = post.server.handle_DATA

    async def take_slowly(*arguments):
        reached.set()
        await goes_on.wait()
        return await take(*arguments)

    post.server.handle_DATA = take_slowly
    running = asyncio.create_task(post.worker.run())
    await reached.wait()

    running.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.wait([running])

    assert running.cancelled()
    assert await post.state_of(mail_id) == "sent"


class Waits(list):
    """Every pause of a worker; it is stopped in the last."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)
        if len(self) == self._count:
            raise asyncio.CancelledError


async def test_while_the_mail_server_is_away_one_mail_asks_for_all(post):
    ids = [await post.add(COMPLETED) for _ in range(12)]
    await post.server.stop()
    post.worker.wait = waits = Waits(9)

    with pytest.raises(asyncio.CancelledError):
        await post.worker.run()

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    rows = [await post.look_at(each) for each in ids]
    assert sorted(row["attempts"] for row in rows) == [0] * 3 + [1] * 9


async def test_a_connection_without_work_is_closed_after_a_while(post):
    await post.add(COMPLETED)
    post.worker.wait = Waits(45)
    with pytest.raises(asyncio.CancelledError):
        await post.worker.run()
    await post.add(COMPLETED)
    await post.send()

    assert post.server.connections == 2


async def test_a_worker_outlives_a_lost_database(post, monkeypatch):
    post.worker.wait = waits = Waits(2)
    lost = [OSError("gone"), None]

    async def lose(*_arguments):
        if error := lost.pop(0):
            raise error

    monkeypatch.setattr("services.notifications.use_cases.mail_sending.give_up_lost", lose)
    with pytest.raises(asyncio.CancelledError):
        await post.worker.run()

    assert len(waits) == 2


async def test_a_conversation_that_takes_too_long_is_a_doubt(post, monkeypatch):
    mail_id = await post.add(COMPLETED)
    monkeypatch.setattr("services.notifications.workers.mail._LONGEST_TRY_S", 0.1)
    goes_on = asyncio.Event()

    async def take_for_ever(*_arguments):
        await goes_on.wait()
        return "250 OK"

    post.server.handle_DATA = take_for_ever
    await post.send()
    goes_on.set()

    row = await post.look_at(mail_id)
    assert (row["state"], row["reason"]) == ("maybe_sent", "too_slow")


async def test_a_server_that_drips_before_the_mail_leaves_no_doubt(post, monkeypatch):
    mail_id = await post.add(COMPLETED)
    monkeypatch.setattr("services.notifications.workers.mail._LONGEST_TRY_S", 0.1)
    goes_on = asyncio.Event()

    async def wait(*_arguments):
        await goes_on.wait()
        return "250 OK"

    monkeypatch.setattr(post.server, "handle_RCPT", wait, raising=False)
    await post.send()
    goes_on.set()

    row = await post.look_at(mail_id)
    assert (row["state"], row["reason"]) == ("queued", "too_slow")


@pytest.mark.parametrize("faulty", ["writer.write", "server.send"])
async def test_a_fault_with_one_mail_ends_no_worker_and_loses_no_mail(
    post, monkeypatch, faulty
):
    mail_id = await post.add(COMPLETED)
    part, _, does = faulty.partition(".")

    def fail(*_arguments):
        raise LookupError

    with monkeypatch.context() as fault:
        fault.setattr(type(getattr(post.worker, part)), does, fail)
        await post.send()
    post.clock.pass_by(minutes=1)
    await post.send()

    assert await post.state_of(mail_id) == "sent"


async def test_a_mail_that_tells_nothing_is_not_sent(post):
    mail_id = await post.add()

    await post.send()

    row = await post.look_at(mail_id)
    assert (row["state"], row["reason"]) == ("suppressed", "nothing_to_tell")


@pytest.mark.parametrize(
    "now_is",
    [
        {"active": False},
        {"company_ids": ["co_b"]},
        {"role": "VIEWER"},
        {"role": "CLIENT_MANAGER"},
    ],
)
async def test_what_waited_is_not_sent_to_who_may_not_see_it_any_more(post, now_is):
    known = {"member_id": "mem_mia", "role": "MANAGER", "company_ids": ["co_a"]}
    await hear(
        post.database,
        account_changed("acc_a"),
        member_changed("acc_a", sequence=2, **known),
    )
    kept = await post.add(COMPLETED, to="mem_mia")
    await post.send()
    dropped = await post.add(COMPLETED, to="mem_mia")
    by_law = await post.add(BY_LAW, to="mem_mia")

    await hear(post.database, member_changed("acc_a", sequence=3, **{**known, **now_is}))
    while await post.send():
        pass

    states = [await post.state_of(each) for each in (kept, dropped, by_law)]
    assert states == ["sent", "suppressed", "sent"]


async def test_what_administrators_alone_are_told_is_not_sent_to_who_is_none_by_then(post):
    known = {"member_id": "mem_ada", "role": "ADMINISTRATOR"}
    await hear(
        post.database,
        account_changed("acc_a"),
        member_changed("acc_a", sequence=2, **known),
    )
    kept = await post.add(Message.CALL_AFTER_PORT_OUT, to="mem_ada")
    await post.send()
    dropped = await post.add(Message.CALL_AFTER_PORT_OUT, to="mem_ada")

    now_is = {"role": "MANAGER", "company_ids": ["co_a"]}
    await hear(post.database, member_changed("acc_a", sequence=3, **{**known, **now_is}))
    await post.send()

    assert [await post.state_of(each) for each in (kept, dropped)] == ["sent", "suppressed"]


async def test_a_reminder_that_waited_is_not_sent_once_it_is_done(post):
    draft = {
        "account_id": "acc_a",
        "company_id": "co_a",
        "requester_id": "mem_a",
        "name": "Spring move",
        "line_counts": {},
    }
    await hear(post.database, event(DraftChanged(**draft, status="DRAFT"), "pr_1", 1))
    waited_for = await post.add(Message.DRAFT_IDLE)
    await post.send()
    done = await post.add(Message.DRAFT_IDLE)

    await hear(post.database, event(DraftChanged(**draft, status="EXPIRED"), "pr_1", 2))
    await post.send()

    assert [await post.state_of(each) for each in (waited_for, done)] == ["sent", "suppressed"]


async def test_a_reminder_that_waited_is_not_sent_once_its_request_has_ended(post):
    await hear(post.database, sent(2))
    waited_for = await post.add(Message.LETTER_UNSIGNED, step="3d", days=3)
    await post.send()
    too_late = await post.add(Message.LETTER_UNSIGNED, step="7d", days=7)

    await hear(post.database, about(PortCancelled, 3, "CANCELLED", cancelled_at=now()))
    await post.send()

    states = [await post.state_of(each) for each in (waited_for, too_late)]
    assert states == ["sent", "suppressed"]
