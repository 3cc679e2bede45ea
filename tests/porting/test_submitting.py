"""Submitting and authorizing, as the real roles on a real PostgreSQL."""

import asyncio
from dataclasses import replace

import pytest

from libs.common.caller import Role
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain.requests import PortRequestStatus, WaitingOn
from services.porting.store import line_states
from services.porting.use_cases import letter_signing, submitting
from tests.porting.builders import (
    a_draft,
    a_full_draft,
    a_line,
    account_changed,
    add_inventory,
    fill_lines,
    found_house,
    hear,
    heard,
    lines_of,
    phone,
    request_of,
    sign,
    submit,
    told,
    types_told,
)


async def refusals_of(work) -> list[tuple[str, tuple[str, ...]]]:
    try:
        await work
    except Refusal as refusal:
        return [(refusal.code, refusal.path)]
    except Refused as refused:
        return [(each.code, each.path) for each in refused.refusals]
    return []


async def a_move(database, house, *numbers, caller=None) -> str:
    added = [a_line(house.dental, number) for number in numbers]
    return await a_full_draft(database, caller or house.administrator, house.dental, added)


@pytest.mark.requirement("S5", "S7", "S8", "S29", "S54")
async def test_everything_that_is_missing_is_told_at_once(database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    fallen = account_changed(
        card_on_file=False, balance_current=False, in_good_standing=False, in_trial=True
    )
    await hear(database, heard(fallen, subject=house.id, sequence=99))

    refusals = await refusals_of(submit(database, house.administrator, request_id))

    assert refusals == [
        ("CARD_REQUIRED", ("portRequest", "account", "cardOnFile")),
        ("ACCOUNT_PAST_DUE", ("portRequest", "account", "balanceCurrent")),
        ("ACCOUNT_NOT_IN_GOOD_STANDING", ("portRequest", "account", "inGoodStanding")),
        ("ACCOUNT_IN_TRIAL", ("portRequest", "account", "inTrial")),
        ("NO_LINES", ("portRequest", "lines")),
        ("DOCUMENT_REQUIRED", ("portRequest", "documents")),
        ("LETTER_REQUIRED", ("portRequest", "letter")),
        ("WARNINGS_NOT_ACKNOWLEDGED", ("portRequest", "warnings")),
    ]
    assert await types_told(database, request_id) == ["draft_changed"]


@pytest.mark.requirement("S5", "S6", "S7", "S8")
@pytest.mark.parametrize(
    ("standing", "code"),
    [
        ({"card_on_file": False}, "CARD_REQUIRED"),
        ({"balance_current": False}, "ACCOUNT_PAST_DUE"),
        ({"in_good_standing": False}, "ACCOUNT_NOT_IN_GOOD_STANDING"),
        ({"in_trial": True}, "ACCOUNT_IN_TRIAL"),
    ],
)
async def test_what_is_wrong_with_an_account_has_its_own_code_until_it_is_mended(
    database, standing, code
):
    house = await found_house(database)
    request_id = await a_move(database, house, phone(100))
    await hear(database, heard(account_changed(**standing), subject=house.id, sequence=98))
    refusals = await refusals_of(submit(database, house.administrator, request_id))
    assert [each for each, _ in refusals] == [code]

    await hear(database, heard(account_changed(), subject=house.id, sequence=99))
    assert await refusals_of(submit(database, house.administrator, request_id)) == []


@pytest.mark.requirement("S5")
async def test_the_same_submission_succeeds_once_the_card_is_there(database):
    house = await found_house(database)
    request_id = await a_move(database, house, phone(100))
    without = account_changed(card_on_file=False)
    await hear(database, heard(without, subject=house.id, sequence=98))
    refusals = await refusals_of(submit(database, house.administrator, request_id))
    assert [code for code, _ in refusals] == ["CARD_REQUIRED"]

    await hear(database, heard(account_changed(), subject=house.id, sequence=99))
    await submit(database, house.administrator, request_id)
    assert (await request_of(database, request_id)).status is PortRequestStatus.IN_REVIEW


@pytest.mark.requirement("S5")
async def test_without_a_card_no_draft_is_made(database):
    house = await found_house(database, card_on_file=False)
    refusals = await refusals_of(a_draft(database, house.administrator, house.dental))
    assert refusals == [("CARD_REQUIRED", ("input",))]


@pytest.mark.requirement("S1", "S36", "S38")
async def test_a_draft_needs_a_name_and_one_of_the_callers_companies(database):
    house, other = await found_house(database), await found_house(database)
    for company in (house.garage, other.dental, "co_x"):
        refusals = await refusals_of(a_draft(database, house.manager, company, name=" "))
        assert refusals == [
            ("REQUIRED", ("input", "name")),
            ("UNKNOWN_COMPANY", ("input", "companyId")),
        ]
    refusals = await refusals_of(
        a_draft(database, house.manager, house.dental, name="x" * 121)
    )
    assert refusals == [("TOO_LONG", ("input", "name"))]


@pytest.mark.requirement("S55")
async def test_a_changed_number_list_needs_a_new_signature(database):
    house = await found_house(database)
    request_id = await a_move(database, house, phone(100))
    await fill_lines(
        database, house.administrator, request_id, [a_line(house.dental, phone(101))]
    )

    refusals = await refusals_of(submit(database, house.administrator, request_id))
    assert refusals == [("LETTER_NOT_SIGNED", ("portRequest", "letter"))]
    async with database.working() as connection:
        states = await connection.fetch("SELECT state FROM letters ORDER BY id")
    assert [row["state"] for row in states] == ["SUPERSEDED", "DRAFT"]

    await sign(database, house.administrator, request_id)
    await submit(database, house.administrator, request_id)


@pytest.mark.requirement("S54")
async def test_an_unsigned_letter_keeps_a_request_back(database):
    house = await found_house(database)
    request_id = await a_move(database, house, phone(100))
    async with database.working() as connection:
        await connection.execute("UPDATE letters SET state = 'DRAFT'")
    refusals = await refusals_of(submit(database, house.administrator, request_id))
    assert refusals == [("LETTER_NOT_SIGNED", ("portRequest", "letter"))]


@pytest.mark.requirement("S55")
async def test_a_letter_that_covers_other_numbers_keeps_a_request_back(database):
    house = await found_house(database)
    request_id = await a_move(database, house, phone(100))
    async with database.working() as connection:
        await connection.execute("UPDATE lines SET tracking_number = $1", phone(101))
    refusals = await refusals_of(submit(database, house.administrator, request_id))
    assert refusals == [("LETTER_OUTDATED", ("portRequest", "letter"))]


@pytest.mark.requirement("S52")
async def test_a_letter_is_signed_once_by_name_and_for_numbers(database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)

    async def sign_as(name: str) -> None:
        async with database.transaction(house.administrator) as connection:
            await letter_signing.sign_letter(
                connection,
                house.administrator,
                request_id,
                letter_signing.Signing(signer_name=name, consents=True),
            )

    refusals = await refusals_of(sign_as(" "))
    assert [code for code, _ in refusals] == ["LETTER_REQUIRED", "NO_LINES", "REQUIRED"]
    await fill_lines(
        database, house.administrator, request_id, [a_line(house.dental, phone(100))]
    )
    await sign(database, house.administrator, request_id)
    refusals = await refusals_of(sign_as("x" * 201))
    assert [code for code, _ in refusals] == ["INVALID_STATE", "TOO_LONG"]


async def test_who_attached_a_document_is_who_did_it(database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    await fill_lines(database, house.manager, request_id, [a_line(house.dental, phone(100))])
    async with database.working() as connection:
        attached_by = await connection.fetchval("SELECT attached_by FROM documents")
    assert attached_by == house.manager.member_id


@pytest.mark.requirement("S49")
async def test_an_administrators_submission_is_its_authorization(database):
    house = await found_house(database)
    request_id = await a_move(database, house, phone(100))
    await submit(database, house.administrator, request_id)
    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.IN_REVIEW
    assert request.authorized_by == request.submitted_by == house.administrator.member_id


@pytest.mark.requirement("S46", "S49")
@pytest.mark.parametrize("who", ["manager", "client_manager"])
async def test_a_managers_submission_waits_for_an_administrator(database, who):
    house = await found_house(database)
    submitter = getattr(house, who)
    request_id = await a_move(database, house, phone(100), caller=submitter)
    await submit(database, submitter, request_id)
    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.AWAITING_AUTHORIZATION
    assert request.turn[0] is WaitingOn.ADMINISTRATOR
    assert (await types_told(database, request_id))[-1] == "port_submitted"

    async with database.transaction(house.administrator) as connection:
        await submitting.authorize_request(connection, house.administrator, request_id)

    request = await request_of(database, request_id)
    assert request.status is PortRequestStatus.IN_REVIEW
    assert (await types_told(database, request_id))[-3:] == [
        "port_authorized",
        "lines_readied",
        "review_started",
    ]


@pytest.mark.requirement("S46")
async def test_nobody_authorizes_what_they_submitted_themselves(database):
    house = await found_house(database)
    request_id = await a_move(database, house, phone(100), caller=house.manager)
    await submit(database, house.manager, request_id)
    promoted = replace(house.manager, role=Role.ADMINISTRATOR, company_ids=frozenset())

    async with database.transaction(promoted) as connection:
        work = submitting.authorize_request(connection, promoted, request_id)
        assert await refusals_of(work) == [("OWN_SUBMISSION", ("input", "portRequestId"))]


@pytest.mark.requirement("S49")
async def test_two_administrators_at_once_authorize_once(database):
    house = await found_house(database)
    request_id = await a_move(database, house, phone(100), caller=house.manager)
    await submit(database, house.manager, request_id)

    async def authorize(caller) -> None:
        async with database.transaction(caller) as connection:
            await submitting.authorize_request(connection, caller, request_id)

    administrators = (house.administrator, house.second_administrator)
    answers = await asyncio.gather(*(refusals_of(authorize(each)) for each in administrators))

    assert sorted(answers) == [[], [("INVALID_STATE", ("input", "portRequestId"))]]
    assert (await types_told(database, request_id)).count("port_authorized") == 1


async def test_the_first_to_submit_wins_and_the_other_learns_nothing(database):
    first, second = await found_house(database), await found_house(database)
    winner = await a_move(database, first, phone(100), phone(101))
    loser = await a_move(database, second, phone(101), phone(102))
    await submit(database, first.administrator, winner)

    with pytest.raises(Refused) as refused:
        await submit(database, second.administrator, loser)

    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.path) == (
        "NUMBER_ALREADY_CLAIMED",
        ("portRequest", "lines", phone(101)),
    )
    said = refusal.message + str(vars(refusal))
    assert not [secret for secret in (first.id, winner, "Acme", "Dental") if secret in said]
    assert (await request_of(database, loser)).is_draft
    assert {line.state for line in await lines_of(database, loser)} == {"ADDED"}


async def test_a_number_in_inventory_is_refused_and_its_owner_not_told(database):
    house, other = await found_house(database), await found_house(database)
    request_id = await a_move(database, house, phone(100))
    await add_inventory(database, other, phone(100))

    with pytest.raises(Refused) as refused:
        await submit(database, house.administrator, request_id)

    (refusal,) = refused.value.refusals
    assert refusal.code == "INTERNAL_PORT"
    assert other.id not in refusal.message


@pytest.mark.requirement("S25")
async def test_numbers_that_would_ring_themselves_are_refused(database):
    house, other = await found_house(database), await found_house(database)
    forwards = a_line(house.dental, phone(100), forwarding_number=phone(200))
    first = await a_full_draft(database, house.administrator, house.dental, [forwards])
    second = await a_move(database, other, phone(200))
    await submit(database, house.administrator, first)
    refusals = await refusals_of(submit(database, other.administrator, second))
    assert refusals == [("FORWARDING_LOOP", ("portRequest", "lines", phone(200)))]

    to_ours = a_line(other.dental, phone(101), forwarding_number=phone(100))
    third = await a_full_draft(database, other.administrator, other.dental, [to_ours])
    refusals = await refusals_of(submit(database, other.administrator, third))
    assert refusals == [("FORWARDING_LOOP", ("portRequest", "lines", phone(100)))]


async def test_of_two_that_hold_what_the_other_wants_one_gives_way(database):
    house = await found_house(database)
    ours, theirs = [
        [await a_move(database, house, number) for number in numbers]
        for numbers in ((phone(100), phone(101)), (phone(101), phone(100)))
    ]
    both_hold = asyncio.Barrier(2)

    async def claim(first: str, second: str) -> None:
        async with database.transaction(house.administrator) as connection:
            await line_states.claim_lines(connection, first, ["ADDED"])
            await both_hold.wait()
            await line_states.claim_lines(connection, second, ["ADDED"])

    answers = await asyncio.gather(refusals_of(claim(*ours)), refusals_of(claim(*theirs)))

    assert sorted(answers) == [[], [("NUMBER_ALREADY_CLAIMED", ("input",))]]


async def test_twelve_hundred_lines_travel_in_events_of_allowed_size(database):
    house = await found_house(database)
    added = [
        a_line(house.dental, phone(1000 + place), name="Flyer", source="Print")
        for place in range(1_200)
    ]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)

    batches = [
        event.fact
        for event in await told(database, request_id)
        if event.type == "porting.lines_readied.v1"
    ]
    assert [(fact.batch, fact.of, len(fact.lines)) for fact in batches] == [
        (1, 3, 500),
        (2, 3, 500),
        (3, 3, 200),
    ]
    assert batches[0].line_counts == {"READY": 1_200}
    assert [line.tracking_number for fact in batches for line in fact.lines] == [
        line.tracking_number for line in added
    ]


async def test_lines_with_the_longest_names_still_fit_into_events(database):
    house = await found_house(database)
    added = [
        a_line(house.dental, phone(1000 + place), name="🌷" * 200, source='"' * 200)
        for place in range(600)
    ]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)

    async with database.working() as connection:
        sizes = await connection.fetch("SELECT octet_length(body) AS bytes FROM outbox")
    assert max(row["bytes"] for row in sizes) <= 256 * 1024
    batches = [
        event.fact
        for event in await told(database, request_id)
        if event.type == "porting.lines_readied.v1"
    ]
    assert [fact.batch for fact in batches] == [*range(1, batches[0].of + 1)]
    assert sum(len(fact.lines) for fact in batches) == 600


async def test_a_submission_is_four_statements_however_many_its_lines(database):
    house = await found_house(database)
    request_id = await a_move(database, house, *(phone(place) for place in range(100, 120)))
    sent = []

    async with database.transaction(house.administrator) as connection:
        with connection.query_logger(lambda record: sent.append(record.query.split()[0])):
            await submitting.submit_request(connection, house.administrator, request_id)

    assert sent == ["SELECT", "SELECT", "UPDATE", "WITH"]
