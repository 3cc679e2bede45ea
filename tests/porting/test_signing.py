"""Letters that somebody else signs: by a link that leads one person to one letter, once."""

import asyncio
import logging
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from libs.common.telemetry import TelemetryMiddleware
from services.porting.domain.letters import LetterState
from services.porting.routes.letters import letter_routes
from services.porting.store import faults, letters, requests
from services.porting.use_cases import carrier, letter_signing
from services.porting.use_cases import letters as letter_use_cases
from services.porting.use_cases.letter_expiry import age_letter, end_link
from tests.porting.builders import (
    A_SIGNING,
    LINK_MAKER,
    SUPPORT,
    VAULT,
    a_draft,
    a_full_draft,
    a_line,
    a_request_with_the_carrier,
    a_subscriber,
    business_day,
    fill_lines,
    found_house,
    letter_changes,
    now,
    phone,
    request_of,
    told,
    types_told,
)

RECIPIENT = {"signerName": "Grace Hopper", "signerEmail": "grace@example.com"}
SIGNATURE = {"signerName": "Grace Hopper", "consent": True, "consentVersion": "2026-11"}
DRAWN = "M10 60 C 40 10, 65 10, 95 60 S 150 110, 180 60"
STATE = """query ($id: ID!) { portRequest(id: $id) {
  status availableActions waitingOn { waitingOn } letter {
    id state signer recipientName recipientEmail signerName documentHash declineReason pinAnswer
} } }"""


async def an_unsigned_draft(database, house, *, by=None) -> str:
    """All there but the signature."""
    caller = by or house.administrator
    request_id = await a_full_draft(
        database, caller, house.dental, [a_line(house.dental, phone(1))]
    )
    async with database.transaction(caller) as connection:
        await letter_use_cases.prepare_letter(
            connection,
            caller,
            request_id,
            VAULT,
            letter_changes(a_subscriber(name="Acme Dental Group LLC")),
        )
    return request_id


async def link_of(door, database, request_id) -> str:
    """As the sender of mails fetches it for the newest letter that was sent."""
    sent = [event for event in await told(database, request_id) if "letter_sent" in event.type]
    answer = await deliver(door, sent[-1].fact.link_id)
    assert answer.status_code == 200
    return answer.json()["url"]


async def deliver(door, link_id, scopes="letters:deliver"):
    return await door.client.get(
        f"http://porting/signing-links/{link_id}", headers=door.bearer(scopes)
    )


async def signatures(database, request_id) -> int:
    """By links: the draft's first signature was superseded."""
    types = await types_told(database, request_id)
    return types[types.index("letter_sent") :].count("letter_signed")


async def seen(door, caller, request_id):
    return (await door.see(caller, STATE, id=request_id))["portRequest"]


async def send(door, caller, request_id, **changes) -> list[tuple[str, ...]]:
    done = await door.act(
        caller, "sendLetter", portRequestId=request_id, **{**RECIPIENT, **changes}
    )
    return [(error["code"], *error["path"][1:]) for error in done["userErrors"]]


@pytest.mark.requirement("S51", "S53", "S54", "S58")
async def test_a_request_waits_for_its_signer_and_goes_on_when_they_have_signed(
    door, database
):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    assert await send(door, house.administrator, request_id) == []
    done = await door.act(house.administrator, "submitPortRequest", portRequestId=request_id)
    assert done["portRequest"]["status"] == "AWAITING_SIGNATURE"
    waiting = await seen(door, house.administrator, request_id)
    assert waiting["waitingOn"]["waitingOn"] == "SIGNER"
    assert waiting["letter"]["state"] == "SENT"
    assert waiting["letter"]["recipientEmail"] == "grace@example.com"

    link = await link_of(door, database, request_id)
    shown = await door.client.get(link)
    assert shown.json()["content"]["pages"][0]["numbers"] == [phone(1)]
    assert (await seen(door, house.administrator, request_id))["letter"]["state"] == "VIEWED"
    signed = await door.client.post(
        f"{link}/sign", json={**SIGNATURE, "drawnSignature": DRAWN}
    )
    assert signed.json() == {"state": "SIGNED"}

    after = await seen(door, house.administrator, request_id)
    assert after["status"] == "IN_REVIEW"
    assert after["letter"]["state"] == "SIGNED"
    assert after["letter"]["signerName"] == "Grace Hopper"
    assert after["letter"]["documentHash"] == shown.json()["documentHash"]
    assert (await types_told(database, request_id))[-6:] == [
        "letter_sent",
        "port_submitted",
        "letter_viewed",
        "letter_signed",
        "lines_readied",
        "review_started",
    ]


@pytest.mark.requirement("S58")
async def test_the_letter_can_be_edited_until_it_is_signed(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    async with database.transaction(house.administrator) as connection:
        await letter_use_cases.prepare_letter(
            connection,
            house.administrator,
            request_id,
            VAULT,
            letter_use_cases.LetterChanges(subscriber={"name": "Acme"}),
        )
    before = await seen(door, house.administrator, request_id)
    assert "EDIT_LETTER" in before["availableActions"]

    signed_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(9))]
    )
    after = await seen(door, house.administrator, signed_id)
    assert "EDIT_LETTER" not in after["availableActions"]


@pytest.mark.requirement("S53")
async def test_a_mail_scanner_uses_nothing_up_and_a_signature_uses_the_link_up(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    link = await link_of(door, database, request_id)
    for _ in range(20):
        assert (await door.client.get(link)).status_code == 200
        assert (await door.client.head(link)).status_code == 200
    assert (await door.client.post(f"{link}/sign", json=SIGNATURE)).status_code == 200
    again = await door.client.post(f"{link}/sign", json=SIGNATURE)
    wrong = await door.client.post("http://porting/letters/wrong/sign", json=SIGNATURE)
    assert (again.status_code, again.content) == (wrong.status_code, wrong.content)
    assert again.status_code == 404
    assert (await signatures(database, request_id)) == 1


async def test_of_two_who_sign_at_once_one_has_signed(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    link = await link_of(door, database, request_id)
    answers = await asyncio.gather(
        *[door.client.post(f"{link}/sign", json=SIGNATURE) for _ in range(6)]
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 5
    assert (await signatures(database, request_id)) == 1


async def every_bad_link(door, database, house) -> list[str]:
    """Wrong, void, expired, used, and of a letter that reads otherwise by now."""
    links = ["http://porting/letters/" + "x" * 43]
    for spoil in ("resend", "expire", "sign", "edit", "lines"):
        request_id = await an_unsigned_draft(database, house)
        await send(door, house.administrator, request_id)
        link = await link_of(door, database, request_id)
        links.append(link)
        if spoil == "resend":
            await send(door, house.administrator, request_id)
        elif spoil == "expire":
            async with database.working() as connection:
                await connection.execute(
                    "UPDATE signing_links SET expires_at = now() WHERE port_request_id = $1",
                    request_id,
                )
        elif spoil == "sign":
            await door.client.post(f"{link}/sign", json=SIGNATURE)
        elif spoil == "edit":
            done = await door.act(
                house.administrator,
                "prepareLetter",
                portRequestId=request_id,
                subscriberName="Another",
            )
            assert done["userErrors"] == []
        else:
            other = [a_line(house.dental, phone(2))]
            await fill_lines(database, house.administrator, request_id, other)
    return links


async def test_links_that_are_not_good_are_answered_alike(door, database):
    house = await found_house(database)
    answers = set()
    for link in await every_bad_link(door, database, house):
        for answer in (
            await door.client.get(link),
            await door.client.post(f"{link}/sign", json=SIGNATURE),
            await door.client.post(f"{link}/decline", json={"reason": "no"}),
        ):
            answers.add((answer.status_code, answer.content, str(answer.headers.raw)))
    assert len(answers) == 1
    assert answers.pop()[0] == 404


async def test_a_link_is_kept_from_caches_and_referrers(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    answer = await door.client.get(await link_of(door, database, request_id))
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.requirement("S53")
async def test_only_the_sender_of_mails_is_given_a_link(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    [event] = [each for each in await told(database, request_id) if "letter_sent" in each.type]
    for caller in (None, house.administrator, "support", "calls:report", "stranger"):
        answer = await deliver(door, event.fact.link_id, caller)
        assert (caller, answer.status_code) == (caller, 403)
    token = (await link_of(door, database, request_id)).rsplit("/", 1)[-1]
    assert len(token) >= 43
    async with database.working() as connection:
        rows = await connection.fetch("SELECT body FROM outbox")
        stored = await connection.fetch(
            "SELECT signing_links::text AS link, letters::text AS letter "
            "FROM signing_links, letters"
        )
    assert not any(token in row["body"] for row in rows)
    assert not any(token in row["link"] + row["letter"] for row in stored)
    assert (await deliver(door, "lnk_unknown")).status_code == 404


async def test_a_signer_who_declines_gives_it_back_to_the_requester(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    await door.act(house.administrator, "submitPortRequest", portRequestId=request_id)
    link = await link_of(door, database, request_id)
    assert (await door.client.post(f"{link}/decline", json={"reason": " "})).status_code == 422
    declined = await door.client.post(f"{link}/decline", json={"reason": "Not my  company"})
    assert declined.json() == {"state": "DECLINED"}

    after = await seen(door, house.administrator, request_id)
    assert (after["status"], after["waitingOn"]["waitingOn"]) == (
        "ACTION_REQUIRED",
        "REQUESTER",
    )
    assert after["letter"]["declineReason"] == "Not my company"
    assert await send(door, house.administrator, request_id, signerName="Ada") == []
    again = await seen(door, house.administrator, request_id)
    assert (again["status"], again["letter"]["state"]) == ("AWAITING_SIGNATURE", "SENT")
    link = await link_of(door, database, request_id)
    await door.client.post(f"{link}/sign", json=SIGNATURE)
    assert (await request_of(database, request_id)).status == "IN_REVIEW"


async def test_a_requester_may_sign_what_somebody_else_did_not(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    await door.act(house.administrator, "submitPortRequest", portRequestId=request_id)
    link = await link_of(door, database, request_id)
    async with database.transaction(house.administrator) as connection:
        await letter_signing.sign_letter(
            connection, house.administrator, request_id, A_SIGNING
        )
    assert (await request_of(database, request_id)).status == "IN_REVIEW"
    assert (await door.client.get(link)).status_code == 404


async def test_a_manager_waits_for_the_administrator_first_and_for_the_signer_then(
    door, database
):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house, by=house.manager)
    await send(door, house.manager, request_id)
    done = await door.act(house.manager, "submitPortRequest", portRequestId=request_id)
    assert done["portRequest"]["status"] == "AWAITING_AUTHORIZATION"
    done = await door.act(
        house.administrator, "authorizePortRequest", portRequestId=request_id
    )
    assert done["portRequest"]["status"] == "AWAITING_SIGNATURE"


async def test_authorizing_what_its_signer_has_declined_asks_the_requester(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house, by=house.manager)
    await send(door, house.manager, request_id)
    await door.act(house.manager, "submitPortRequest", portRequestId=request_id)
    link = await link_of(door, database, request_id)
    await door.client.post(f"{link}/decline", json={"reason": "no"})
    done = await door.act(
        house.administrator, "authorizePortRequest", portRequestId=request_id
    )
    assert done["portRequest"]["status"] == "ACTION_REQUIRED"
    assert (await request_of(database, request_id)).fault_code == "LETTER_DECLINED"


@pytest.mark.requirement("S54")
async def test_a_letter_that_lacks_something_is_sent_to_nobody(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    assert await send(door, house.administrator, request_id, signerEmail="nowhere") == [
        ("LETTER_REQUIRED", "portRequestId"),
        ("NO_LINES", "portRequestId"),
        ("INVALID", "signerEmail"),
    ]


async def letter_of(database, request_id):
    async with database.working() as connection:
        return (await letters.find_letters(connection, [request_id]))[request_id]


async def fire(database, timer, request_id) -> None:
    letter = await letter_of(database, request_id)
    async with database.working() as connection:
        await timer(connection, letter.id)


async def test_a_link_that_nobody_used_gives_the_request_back(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    await door.act(house.administrator, "submitPortRequest", portRequestId=request_id)
    link = await link_of(door, database, request_id)
    await fire(database, end_link, request_id)
    assert (await letter_of(database, request_id)).state is LetterState.EXPIRED
    request = await request_of(database, request_id)
    assert (request.status, request.fault_code) == ("ACTION_REQUIRED", "LETTER_EXPIRED")
    assert (await door.client.get(link)).status_code == 404
    before = await types_told(database, request_id)
    await fire(database, end_link, request_id)
    assert await types_told(database, request_id) == before


async def test_a_link_lives_fourteen_days(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    async with database.working() as connection:
        due = await connection.fetchval(
            "SELECT due_at FROM timers WHERE kind = 'signing_link_ends'"
        )
    assert due - (await letter_of(database, request_id)).sent_at == timedelta(days=14)


async def test_a_letters_timer_never_waits_for_whoever_is_changing_the_request(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    async with database.transaction(house.administrator) as connection:
        await requests.lock_request(connection, request_id)
        async with asyncio.timeout(5):
            await fire(database, end_link, request_id)
    letter = await letter_of(database, request_id)
    assert letter.state is LetterState.SENT
    async with database.working() as connection:
        due = await connection.fetchval(
            "SELECT due_at FROM timers WHERE kind = 'signing_link_ends' AND key = $1",
            letter.id,
        )
    assert timedelta() < due - now() <= timedelta(minutes=1)


@pytest.mark.parametrize(("carrier", "days"), [("Old Telecom", 90)])
async def test_a_signature_lasts_as_long_as_the_losing_carrier_takes_it(
    database, carrier, days
):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(1))]
    )
    async with database.working() as connection:
        due = await connection.fetchval("SELECT due_at FROM timers WHERE kind = 'letter_ages'")
    assert due - (await letter_of(database, request_id)).signed_at == timedelta(days=days)


async def test_a_signature_that_grew_old_in_review_is_asked_for_again(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(1))]
    )
    await door.act(house.administrator, "submitPortRequest", portRequestId=request_id)
    await fire(database, age_letter, request_id)
    request = await request_of(database, request_id)
    assert (request.status, request.fault_code) == ("ACTION_REQUIRED", "LOA_EXPIRED")
    async with database.transaction(house.administrator) as connection:
        await letter_signing.sign_letter(
            connection, house.administrator, request_id, A_SIGNING
        )
    assert (await request_of(database, request_id)).status == "IN_REVIEW"


async def test_a_signature_that_grew_old_at_the_carrier_is_asked_for_beside_its_work(
    door, database
):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(1)])
    await fire(database, age_letter, request_id)
    request = await request_of(database, request_id)
    assert (request.status, request.turn[0]) == ("WITH_CARRIER", "REQUESTER")
    shown = (await door.see(house.administrator, STATE, id=request_id))["portRequest"]
    assert {"SIGN", "SEND_LETTER"} <= {*shown["availableActions"]}

    async with database.transaction(house.administrator) as connection:
        await letter_signing.sign_letter(
            connection, house.administrator, request_id, A_SIGNING
        )

    request = await request_of(database, request_id)
    assert (request.status, request.turn[0]) == ("WITH_CARRIER", "LOSING_CARRIER")
    assert (await letter_of(database, request_id)).is_signed


async def test_a_new_signature_counts_for_a_faulty_request_after_it_is_sent_again(
    door, database
):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(1)])
    given = {"portRequestId": request_id}
    await door.act("support", "recordRejection", code="PIN_INVALID", **given)
    await fire(database, age_letter, request_id)
    corrections = [{"trackingNumber": phone(1), "note": "The PIN of the last bill."}]
    await door.act(house.administrator, "correctLines", corrections=corrections, **given)
    async with database.transaction(house.administrator) as connection:
        await letter_signing.sign_letter(
            connection, house.administrator, request_id, A_SIGNING
        )
    again = await door.act(house.administrator, "resubmitPortRequest", **given)
    assert again["userErrors"] == []
    request = await request_of(database, request_id)
    assert (request.status, request.turn[0]) == ("WITH_CARRIER", "LOSING_CARRIER")


async def test_a_carrier_that_approves_needs_no_newer_signature(database):
    house = await found_house(database)
    request_id = await a_request_with_the_carrier(database, house, [phone(1)])
    await fire(database, age_letter, request_id)
    async with database.transaction(SUPPORT) as connection:
        await carrier.record_firm_date(connection, SUPPORT, request_id, business_day(), None)
    request = await request_of(database, request_id)
    assert (request.status, request.turn[0]) == ("APPROVED", "LOSING_CARRIER")
    async with database.working() as connection:
        assert await faults.find_open_faults(connection, request_id) == []


@pytest.mark.requirement("S55")
async def test_another_number_list_takes_the_signature_and_leaves_the_words(door, database):
    house = await found_house(database)
    request_id = await a_full_draft(
        database, house.administrator, house.dental, [a_line(house.dental, phone(1))]
    )
    await fill_lines(
        database, house.administrator, request_id, [a_line(house.dental, phone(2))]
    )
    letter = await letter_of(database, request_id)
    assert letter.state is LetterState.DRAFT
    assert letter.subscriber == a_subscriber()
    done = await door.act(house.administrator, "submitPortRequest", portRequestId=request_id)
    assert [error["code"] for error in done["userErrors"]] == ["LETTER_NOT_SIGNED"]


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"signerName": " "}, ["REQUIRED"]),
        ({"consent": False}, ["REQUIRED"]),
        ({"consent": "yes"}, ["REQUIRED"]),
        ({"consentVersion": "1999-01"}, ["CONFLICT"]),
        ({"drawnSignature": '"/><script>'}, ["INVALID"]),
        ({"drawnSignature": "M" + "0 " * 9_000}, ["INVALID"]),
        ({"drawnSignature": "M0 0\x1cL9 9"}, ["INVALID"]),
        ({"signerName": "a\u202eb"}, ["INVALID"]),
    ],
)
async def test_a_signature_that_is_none_uses_nothing_up(door, database, given, faults):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    link = await link_of(door, database, request_id)
    answer = await door.client.post(f"{link}/sign", json={**SIGNATURE, **given})
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == faults
    assert (await door.client.get(link)).status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"signerName": 1}', b" " * 70_000])
async def test_a_body_that_cannot_be_read_is_refused(door, database, body):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id)
    link = await link_of(door, database, request_id)
    answer = await door.client.post(f"{link}/sign", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_USER_INPUT")


async def test_a_browser_is_shown_a_page_and_signs_without_a_script(door, database):
    house = await found_house(database)
    request_id = await an_unsigned_draft(database, house)
    await send(door, house.administrator, request_id, signerName='<b>"Grace"')
    link = await link_of(door, database, request_id)
    browser = {"accept": "text/html,*/*"}
    page = await door.client.get(link, headers=browser)
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert phone(1) in page.text
    assert "<b>" not in page.text
    assert "<script" not in page.text

    form = {"signerName": "Grace Hopper", "consentVersion": "2026-11"}
    refused = await door.client.post(f"{link}/sign", data=form, headers=browser)
    assert (refused.status_code, "agree to sign" in refused.text) == (422, True)
    signed = await door.client.post(
        f"{link}/sign", data={**form, "consent": "on"}, headers=browser
    )
    assert (signed.status_code, "is signed" in signed.text) == (200, True)
    again = await door.client.get(link, headers=browser)
    assert (again.status_code, "leads to no letter" in again.text) == (404, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/"),
        ("PUT", ""),
        ("GET", "/sign"),
        ("POST", "/sign/"),
        ("DELETE", "/a/b?c=d"),
        ("POST", "/decline"),
    ],
)
async def test_however_a_link_is_asked_for_no_log_shows_its_token(
    door, database, caplog, method, path
):
    token = "t" * 43
    app = Starlette(
        routes=letter_routes(database, LINK_MAKER, None, "http://porting"),
        middleware=[Middleware(TelemetryMiddleware)],
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        with caplog.at_level(logging.INFO, logger="libs.common.telemetry"):
            answer = await client.request(method, f"http://porting/letters/{token}{path}")
    assert answer.status_code in {400, 404, 405}
    [line] = [record for record in caplog.records if record.name == "libs.common.telemetry"]
    assert line.path.startswith("/letters/{token}")
    assert token not in str(vars(line))


@pytest.mark.requirement("S55", "S56")
async def test_a_number_list_that_names_another_account_makes_a_page_for_it(door, database):
    house = await found_house(database)
    added = [
        a_line(house.dental, phone(1)),
        a_line(house.dental, phone(2), account_number="B-2"),
    ]
    request_id = await a_draft(database, house.administrator, house.dental)
    await fill_lines(database, house.administrator, request_id, added)
    async with database.transaction(house.administrator) as connection:
        await letter_use_cases.prepare_letter(
            connection, house.administrator, request_id, VAULT, letter_changes()
        )
    assert await send(door, house.administrator, request_id) == [
        ("PIN_ANSWER_REQUIRED", "letter", "lines", "pinAnswer")
    ]
    account = {
        "losingCarrier": "Old Telecom",
        "accountNumber": "B-2",
        "billingNumber": phone(100),
        "pinAnswer": "1234",
    }
    await door.act(
        house.administrator,
        "prepareLetter",
        portRequestId=request_id,
        losingAccounts=[account],
    )
    assert await send(door, house.administrator, request_id) == []
    shown = await door.client.get(await link_of(door, database, request_id))
    pages = shown.json()["content"]["pages"]
    assert {page["account_number"]: page["numbers"] for page in pages} == {
        "A-1": [phone(1)],
        "B-2": [phone(2)],
    }
