"""From the event to entries of feeds and mails: who hears of it, on PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest

from libs.common.events import Event
from libs.contracts.porting_events.letters import LetterSent, LetterSigned
from libs.contracts.porting_events.port_out_shields import PortOutPinChanged
from libs.contracts.porting_events.requests import (
    PortAuthorized,
    PortDeclined,
    PortResubmitted,
)
from libs.contracts.porting_events.support_cases import MessagePosted
from tests.databases import read_rows
from tests.notifications.facts import (
    START,
    account_changed,
    approved,
    event,
    member_changed,
    port_out_received,
    submitted,
)
from tests.notifications.telling import add_people, learn, mailed, tell, told

ADA, BOB, MIA, VIC = "mem_ada", "mem_bob", "mem_mia", "mem_vic"
TEAM = {ADA: "ADMINISTRATOR", BOB: "ADMINISTRATOR", MIA: "MANAGER", VIC: "VIEWER"}


def _of_mia(fact, sequence: int, **given) -> Event:
    said = submitted(requester_id=MIA).fact.model_dump() | given
    return event(fact(**said), "pr_1", sequence)


@pytest.mark.requirement("S46")
async def test_a_managers_submission_asks_every_administrator(database):
    await add_people(database, **TEAM)

    await learn(
        database,
        submitted(requester_id=MIA, submitted_by=MIA, status="AWAITING_AUTHORIZATION"),
    )
    await tell(database)

    assert await mailed(database) == [
        ("authorization_wanted", ADA),
        ("authorization_wanted", BOB),
        ("port_submitted", MIA),
    ]


@pytest.mark.requirement("S49")
async def test_an_administrators_own_submission_is_told_to_the_others(database):
    await add_people(database, **TEAM)

    await learn(database, submitted(requester_id=ADA, submitted_by=ADA, authorized_by=ADA))
    await tell(database)

    assert await mailed(database) == [("port_submitted", ADA), ("port_submitted", BOB)]
    assert ("port_submitted", MIA) in await told(database)


@pytest.mark.requirement("S49")
async def test_the_answer_of_one_administrator_is_told_to_the_manager_and_the_others(database):
    await add_people(database, **TEAM)

    await learn(database, _of_mia(PortAuthorized, 2, authorized_by=ADA, submitted_by=MIA))
    await tell(database)

    assert await mailed(database) == [("port_authorized", BOB), ("port_authorized", MIA)]


@pytest.mark.requirement("S50")
async def test_a_manager_is_told_that_their_request_is_declined_and_why(database):
    await add_people(database, **TEAM)

    await learn(
        database,
        _of_mia(PortDeclined, 2, declined_by=ADA, submitted_by=MIA, reason="Not now."),
    )
    await tell(database)

    assert await mailed(database) == [("port_declined", BOB), ("port_declined", MIA)]
    assert await read_rows(
        database, "SELECT content->>'reason' FROM notices WHERE subject = 'pr_1'"
    ) == [("Not now.",)]


@pytest.mark.requirement("S47")
async def test_administrators_get_a_copy_of_every_later_message_of_a_managers_request(
    database,
):
    await add_people(database, **TEAM)

    await learn(
        database,
        _of_mia(LetterSigned, 3, letter_id="ltr_1", signed_at=START, document_hash="f00"),
        _of_mia(PortResubmitted, 4),
        approved(sequence=5, requester_id=MIA),
        approved("pr_2", sequence=5, requester_id=ADA),
    )
    await tell(database)

    assert await mailed(database) == [
        ("letter_signed", ADA),
        ("letter_signed", BOB),
        ("letter_signed", MIA),
        *[("port_approved", ADA)] * 2,
        ("port_approved", BOB),
        ("port_approved", MIA),
    ]
    assert [each for each in await told(database) if each[0] == "port_resubmitted"] == [
        ("port_resubmitted", ADA),
        ("port_resubmitted", BOB),
        ("port_resubmitted", MIA),
    ]


@pytest.mark.requirement("S47")
async def test_a_managers_request_is_copied_even_once_they_are_an_administrator(database):
    await add_people(database, **TEAM)
    await learn(
        database,
        submitted(requester_id=MIA, submitted_by=MIA, status="AWAITING_AUTHORIZATION"),
        member_changed(
            sequence=9, member_id=MIA, name="Mia", email="mia@x", role="ADMINISTRATOR"
        ),
    )

    await learn(database, approved(sequence=5, requester_id=MIA))
    await tell(database)

    copies = [who for message, who in await mailed(database) if message == "port_approved"]
    assert copies == [ADA, BOB, MIA]


@pytest.mark.requirement("S48")
async def test_a_client_manager_hears_of_their_own_requests_alone(database):
    await add_people(database, mem_cli="CLIENT_MANAGER", **TEAM)

    await learn(
        database,
        submitted("pr_1", requester_id=MIA, submitted_by=MIA),
        submitted("pr_2", requester_id="mem_cli", submitted_by="mem_cli"),
    )
    await tell(database)

    subjects = await read_rows(
        database,
        "SELECT subject FROM feed_entries JOIN notices USING (notice_id)"
        " WHERE member_id = 'mem_cli'",
    )
    assert subjects == [("pr_2",)]


async def test_a_manager_hears_nothing_of_companies_that_are_not_theirs(database):
    await add_people(database, **TEAM)

    await learn(database, approved(company_id="co_b", requester_id=MIA))
    await tell(database)

    assert {member for _, member in await told(database)} == {ADA, BOB}


async def test_what_is_redelivered_and_replayed_is_told_once(database):
    await add_people(database, **TEAM)
    twice = [approved(requester_id=MIA), approved(requester_id=MIA)]

    await learn(database, *twice)
    await tell(database)
    before = await mailed(database), await told(database)
    await learn(database, *twice)

    assert await tell(database) == 0
    assert (await mailed(database), await told(database)) == before
    assert len(before[0]) == 3


@pytest.mark.requirement("S53")
async def test_a_signer_is_mailed_without_an_address_of_ours(database):
    await add_people(database, **TEAM)

    await learn(
        database,
        _of_mia(LetterSent, 2, letter_id="ltr_1", link_id="lnk_1", expires_at=START),
    )
    await tell(database)

    assert await read_rows(database, "SELECT recipient, member_id, address FROM mails") == [
        ("ltr_1 signer", None, None)
    ]
    assert await read_rows(
        database, "SELECT content->>'link_id' FROM notices WHERE subject = 'pr_1'"
    ) == [("lnk_1",)]


@pytest.mark.parametrize(
    ("author", "heard"), [("support", [ADA, BOB, MIA]), (MIA, ["support"])]
)
async def test_of_a_message_in_a_case_the_other_side_hears(database, author, heard):
    await add_people(database, **TEAM)
    said = MessagePosted(
        account_id="acc_a",
        company_id="co_a",
        requester_id=MIA,
        port_request_id="pr_1",
        reference="PL-1",
        state="OPEN",
        message_id="msg_1",
        author=author,
        author_kind="member",
        length=3,
        requests_cancellation=False,
    )

    await learn(database, event(said, "case_1", 2))
    await tell(database)

    assert [recipient for _, recipient in await mailed(database)] == heard


async def test_a_port_out_is_mailed_at_once_where_administrators_were_known_a_day_ago(
    database,
):
    await add_people(database, **TEAM)
    stolen = {"email": "eve@x", "role": "ADMINISTRATOR"}
    await learn(
        database,
        member_changed(sequence=9, member_id=ADA, **stolen),
        member_changed(sequence=10, member_id=BOB, role="VIEWER", email="bob@x"),
        before=timedelta(hours=2),
    )
    await tell(database)
    pin = PortOutPinChanged(
        account_id="acc_a", by=ADA, at=START, is_account_locked=False, is_pin_set=True
    )

    await learn(database, port_out_received(), event(pin, "sh_1"))
    await tell(database)

    assert await read_rows(
        database,
        "SELECT message, address, mails.due_at <= $1"
        " FROM mails JOIN mail_notices USING (mail_id) JOIN notices USING (notice_id)"
        " WHERE message IN ('port_out_received', 'port_out_pin_changed') ORDER BY 1, 2",
        datetime.now(UTC),
    ) == [
        ("port_out_pin_changed", "ada@x", True),
        ("port_out_pin_changed", "bob@x", True),
        ("port_out_received", "ada@x", True),
        ("port_out_received", "bob@x", True),
    ]


async def test_a_stolen_address_is_told_to_the_address_of_before(database):
    await add_people(database, **TEAM)

    await learn(
        database,
        member_changed(sequence=9, member_id=ADA, role="ADMINISTRATOR", email="eve@x"),
    )
    await learn(
        database,
        member_changed(
            sequence=10, member_id=ADA, role="ADMINISTRATOR", email="eve@x", name="Ada L."
        ),
    )
    await tell(database)

    assert await read_rows(
        database,
        "SELECT address, content->'changes' FROM mails JOIN mail_notices USING (mail_id)"
        " JOIN notices USING (notice_id) ORDER BY 1",
    ) == [("ada@x", '["ADDRESS"]'), ("bob@x", '["ADDRESS"]')]


async def test_a_disabled_account_hears_only_what_the_law_needs(database):
    await add_people(database, **TEAM)
    await learn(database, account_changed(sequence=20, disabled=True))

    await learn(database, approved(requester_id=MIA), port_out_received())
    await tell(database)

    assert await mailed(database) == [("port_out_received", ADA), ("port_out_received", BOB)]


async def test_who_is_out_hears_nothing_any_more(database):
    await add_people(database, **TEAM)
    await learn(
        database,
        member_changed(sequence=9, member_id=MIA, email="mia@x", role="MANAGER", active=False),
    )
    await tell(database)

    await learn(database, approved(requester_id=MIA))
    await tell(database)

    assert ("port_approved", MIA) not in await mailed(database)
    assert ("port_approved", ADA) in await mailed(database)
