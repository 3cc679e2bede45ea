"""Numbers of another company are planted wherever a request has a place for them, and looked for.

The whole graph is walked, every link in it followed, and every refusal read: who is limited to
other companies must find them nowhere, in whatever writing.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from deploy.local.databases import copy_service_database, drop_database
from deploy.local.servers import Servers
from libs.common.caller import Member
from libs.common.database import Database, open_database
from libs.common.dev_issuer import IssuerKey
from services.porting.domain.documents import DocumentKind, Part, StoredFile
from services.porting.domain.hidden_numbers import keep_hidden, mask_numbers
from services.porting.domain.letters import LosingAccount
from services.porting.use_cases import carrier, letter_signing, letters, submitting
from services.porting.use_cases.documents import file_as_sent, keep_document
from services.porting.use_cases.letters import AccountChange
from tests.porting.builders import (
    A_SIGNING,
    OUTSIDE,
    SUPPORT,
    VAULT,
    a_full_draft,
    a_line,
    a_subscriber,
    add_upload,
    found_house,
    letter_changes,
    now,
    phone,
    preconfigure,
    request_of,
)
from tests.porting.door import Door, open_door
from tests.porting.walks import questions

CANARY, ITS_FORWARDING, OWN = phone(111), phone(811), phone(110)
WRITTEN = "(212) 555-0111"
CONTENT = f"tracking_number\n{CANARY}\n".encode()
CANARIES = tuple(number.removeprefix("+1") for number in (CANARY, ITS_FORWARDING))
LIMITED = ("manager", "client manager", "viewer", "garage's manager of nothing here")
UNLIMITED = ("administrator", "support")
# The walk reads the first of every list; the last of this one say the most.
HISTORY = """query ($id: ID!) { portRequest(id: $id) {
  history(last: 50) { edges { node { reason lineCounts { state count } } } } } }"""
# Where the walk of somebody who sees all finds them: the places that must be watched.
PLANTED = {
    "name", "reason", "carrierText", "correction", "refusalText", "filename", "body", "subject",
    "numbers", "phoneNumber", "nationalFormat", "forwardingNumber", "trackingNumbers",
    "billingNumber", "accountNumber", "losingAccount", "carrierReference", "authorizedPerson",
    "numbersNotFound", "url",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scene:
    callers: dict[str, Member | str]
    request_id: str
    ids: list[str]
    papers: list[str]


@pytest.fixture(scope="module")
async def database(servers: Servers, migrated: str) -> AsyncIterator[Database]:
    name = f"{migrated}_canaries"
    urls = await copy_service_database(servers.postgres_url, "porting", migrated, name)
    opened = await open_database(urls.database_url, "porting")
    yield opened
    await opened.close()
    await drop_database(servers.postgres_url, name)


@pytest.fixture(scope="module")
async def door(
    database: Database, issuer_key: IssuerKey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Door]:
    opened = open_door(database, issuer_key, tmp_path_factory.mktemp("files"))
    yield opened
    await opened.client.aclose()


async def act(door: Door, caller: Member | str, mutation: str, **given: Any) -> dict[str, Any]:
    payload = await door.act(caller, mutation, **given)
    assert payload["userErrors"] == [], (mutation, payload)
    return payload


async def keep_file(
    database: Database, member: Member, request_id: str, kind: DocumentKind
) -> str:
    """A document that shows the canary, as if it had been taken in."""
    upload = await add_upload(database, member)
    file = file_as_sent(upload)
    async with database.working() as connection:
        request = await request_of(database, request_id)
        named = StoredFile(
            **{**vars(file), "filename": f"{WRITTEN}.pdf", "text_key": "texts/empty"}
        )
        return await keep_document(connection, request, kind, named, member.member_id, now())


@pytest.fixture(scope="module")
async def scene(database: Database, door: Door) -> Scene:
    house = await found_house(database)
    manager, boss = house.manager, house.administrator
    hidden = a_line(
        house.garage, CANARY, forwarding_number=ITS_FORWARDING, name=f"Line {WRITTEN}"
    )
    request_id = await a_full_draft(
        database, manager, house.dental, [a_line(house.dental, OWN), hidden]
    )
    subscriber = a_subscriber(billing_number=CANARY, authorized_person=f"Ada {WRITTEN}")
    account = AccountChange(
        losing_carrier="Garage Telecom",
        account_number="2125550111",
        billing_number=CANARY,
        tracking_numbers=(CANARY,),
        pin_answer="N/A",
    )
    async with database.transaction(boss) as connection:
        changes = letter_changes(subscriber, accounts=[account])
        await letters.prepare_letter(connection, boss, request_id, VAULT, changes)
        await letter_signing.sign_letter(connection, boss, request_id, A_SIGNING)
    await act(
        door, manager, "renamePortRequest", portRequestId=request_id, name=f"Move {WRITTEN}"
    )
    about = {"portRequestId": request_id}
    opened = {"subject": f"Of {WRITTEN}", "message": f"When does {CANARY} move?"}
    case = await act(door, boss, "openSupportCase", **about, **opened, numbers=[CANARY, OWN])
    papers = [
        await keep_file(database, manager, request_id, kind)
        for kind in (DocumentKind.NUMBER_LIST, DocumentKind.LETTER, DocumentKind.INVOICE)
    ]
    async with database.working() as connection:
        keys = await connection.fetch("SELECT 'uploads/' || id AS key FROM uploads")
    for row in keys:
        await door.room.files.write(row["key"], CONTENT)
    await door.room.files.write("texts/empty", b"Nothing of it is here.")
    async with database.transaction(manager) as connection:
        await submitting.submit_request(connection, manager, request_id)
    await act(door, boss, "authorizePortRequest", **about)
    await preconfigure(database, request_id)
    async with database.transaction(SUPPORT) as connection:
        await carrier.send_to_carrier(connection, SUPPORT, request_id)
    orders = "query ($id: ID!) { portRequest(id: $id) { carrierOrders { id } } }"
    found = await door.see("support", orders, id=request_id)
    for order in found["portRequest"]["carrierOrders"]:
        given = {"carrierOrderId": order["id"], "carrierReference": f"R {CANARY}"}
        await act(door, "support", "recordCarrierReference", **about, **given)
    rejection = {
        "code": "ADDRESS_MISMATCH",
        "carrierText": f"As of {WRITTEN}: no such street.",
    }
    await act(door, "support", "recordRejection", **about, **rejection)
    note = [{"trackingNumber": OWN, "note": f"As on {WRITTEN}."}]
    await act(door, boss, "correctLines", **about, corrections=note)
    await act(
        door, "support", "reviewDocument", **about, documentId=papers[-1], decision="REFUSE",
        code="DOCUMENT_REFUSED", text=f"{WRITTEN} is not on it.",
        marks={"accountShown": "COMPLETE", "addressShown": "COMPLETE", "numbersShown": "PARTIAL"},
    )  # fmt: skip
    return Scene(
        callers={
            "administrator": boss,
            "manager": manager,
            "client manager": house.client_manager,
            "viewer": house.viewer,
            "garage's manager of nothing here": house.garage_manager,
            "support": "support",
        },
        request_id=request_id,
        ids=[request_id, case["supportCase"]["id"]],
        papers=papers,
    )


def texts_in(answer: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of an answer, with the name of the field that has it."""
    if isinstance(answer, dict):
        for key, part in answer.items():
            yield from texts_in(part, key)
    elif isinstance(answer, list):
        for part in answer:
            yield from texts_in(part, name)
    elif isinstance(answer, str):
        yield name, answer


def names_canary(text: str) -> bool:
    return any(each in re.sub(r"\D", "", text) for each in CANARIES)


async def find_canaries(door: Door, caller: Member | str, answer: Any) -> set[str]:
    """The fields that name one, also by what their links lead to."""
    found = {name for name, text in texts_in(answer) if names_canary(text)}
    links = {
        (name, text) for name, text in texts_in(answer) if text.startswith("http://porting/d")
    }
    for name, link in links:
        shown = await door.client.get(link, headers=door.bearer(caller))
        assert shown.status_code in {200, 404}, (link, shown.text)
        if names_canary(shown.text):
            found.add("url" if name == "linesCsvUrl" else name)
    return found


async def walk(door: Door, scene: Scene, who: str) -> set[str]:
    caller, found = scene.callers[who], set()
    for query, variables in [*questions(scene.ids), (HISTORY, {"id": scene.request_id})]:
        answer = await door.ask(caller, query, **variables)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert codes <= {"FORBIDDEN"}, answer
        found |= await find_canaries(door, caller, answer)
    return found


@pytest.mark.requirement("S45")
@pytest.mark.parametrize("who", UNLIMITED)
async def test_who_sees_every_company_finds_the_numbers_in_every_place(door, scene, who):
    found = await walk(door, scene, who)
    assert found == PLANTED


@pytest.mark.requirement("S45", "S48")
@pytest.mark.parametrize("who", LIMITED)
async def test_who_is_limited_to_other_companies_finds_the_numbers_nowhere(door, scene, who):
    assert await walk(door, scene, who) == set()


@pytest.mark.requirement("S45")
async def test_counts_of_lines_that_are_not_seen_are_left_out(door, scene):
    for who, has_counts in (("administrator", True), ("manager", False)):
        answer = await door.see(scene.callers[who], HISTORY, id=scene.request_id)
        entries = [edge["node"] for edge in answer["portRequest"]["history"]["edges"]]
        assert any(entry["lineCounts"] for entry in entries) is has_counts


@pytest.mark.requirement("S45")
async def test_no_refusal_names_a_number_that_is_not_seen(door, scene):
    manager, about = scene.callers["manager"], {"portRequestId": scene.request_id}
    refused = {
        "resubmitPortRequest": {},
        "dropLines": {"trackingNumbers": [OUTSIDE]},
        "submitPortRequest": {},
        "attachDocument": {"uploadId": "up_x", "kind": "INVOICE"},
        "signLetter": {"signerName": "", "consent": False},
    }
    for mutation, given in refused.items():
        payload = await door.act(manager, mutation, **about, **given)
        assert payload["userErrors"], mutation
        assert await find_canaries(door, manager, payload) == set(), mutation
    payload = await door.act(manager, "resubmitPortRequest", **about)
    told = [(each["code"], ".".join(each["path"])) for each in payload["userErrors"]]
    assert ("FAULT_NOT_CORRECTED", "portRequest.lines") in told


@pytest.mark.requirement("S45")
@pytest.mark.parametrize("mutation", ["prepareLetter", "signLetter", "sendLetter"])
async def test_a_letter_of_a_line_that_is_not_seen_is_unknown(door, scene, mutation):
    given = {
        "prepareLetter": {"subscriberName": "Eve"},
        "signLetter": {"signerName": "Eve", "consent": True},
        "sendLetter": {"signerName": "Eve", "signerEmail": "eve@example.com"},
    }[mutation]
    caller, about = scene.callers["manager"], {"portRequestId": scene.request_id}
    unknown = await door.act(caller, mutation, **about, **given, trackingNumber=OUTSIDE)
    hidden = await door.act(caller, mutation, **about, **given, trackingNumber=CANARY)
    assert hidden["userErrors"][0]["code"] == "NOT_FOUND"
    assert hidden == unknown


async def test_a_link_of_a_time_when_all_was_seen_leads_nowhere(door, scene):
    """Who made it could open it; whoever is limited cannot, though the link itself is good."""
    manager = scene.callers["manager"]
    for document_id in scene.papers:
        link = door.room.download_links.make(document_id, Part.FILE, manager)
        shown = await door.client.get(link)
        assert shown.status_code == 404


def test_masking_knows_every_writing_and_leaves_the_rest():
    said = "Call +1 212-555-0111, 212.555.0111 or (212)\u00a0555\u20110111; not 212-555-0112."
    masked = mask_numbers(said, {CANARY})
    assert not names_canary(masked)
    assert masked.endswith("not 212-555-0112.")
    assert mask_numbers("Suite 12, 555 Main Street", {CANARY}) == "Suite 12, 555 Main Street"


def test_accounts_of_numbers_that_are_not_seen_stay_when_the_list_is_written_anew():
    mine = LosingAccount(id="la_1", losing_carrier="Old", tracking_numbers=(OWN,))
    mixed = LosingAccount(id="la_2", losing_carrier="New", tracking_numbers=(OUTSIDE, CANARY))
    theirs = LosingAccount(id="la_3", losing_carrier="Far", tracking_numbers=(CANARY,))
    shown = [LosingAccount(id="la_4"), replace(mixed, tracking_numbers=(OUTSIDE,))]
    assert keep_hidden(shown, [mine, mixed, theirs], {CANARY}) == (theirs, mixed)
    left = replace(mixed, tracking_numbers=(CANARY,))
    assert keep_hidden([mine], [mine, mixed, theirs], {CANARY}) == (mine, left, theirs)
    assert keep_hidden([mine], [mine, mixed, theirs], ()) == (mine,)
