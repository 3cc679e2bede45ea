"""The desk's review of documents: what is recorded, and what a refusal does to the request."""

from datetime import timedelta

import pytest

from services.porting.domain.rejections import REJECTION_CODES
from services.porting.domain.requests import PortRequestStatus
from tests.porting.builders import (
    a_draft,
    a_full_draft,
    a_line,
    now,
    phone,
    request_of,
    submit,
    told,
    types_told,
)
from tests.porting.files import a_pdf
from tests.porting.test_documents import attach, attached, card

COMPLETE = {"accountShown": "COMPLETE", "addressShown": "COMPLETE", "numbersShown": "COMPLETE"}
REVIEW = """query ($id: ID!) { portRequest(id: $id) {
  waitingOn { waitingOn remedy } availableActions
  latestProof { id review {
    state reviewedAt accountShown addressShown numbersShown refusalCode refusalText remedy
  } }
} }"""


@pytest.fixture
async def request_id(door, database, house) -> str:
    """In review."""
    lines = [a_line(house.dental, phone(100))]
    made = await a_full_draft(database, house.administrator, house.dental, lines)
    await attached(door, house.administrator, made)
    await submit(database, house.administrator, made)
    return made


async def seen(door, caller, request_id):
    return (await door.see(caller, REVIEW, id=request_id))["portRequest"]


async def review(door, request_id, decision, **given):
    document_id = given.pop("documentId", None)
    document_id = document_id or (await seen(door, "support", request_id))["latestProof"]["id"]
    return await door.act(
        "support",
        "reviewDocument",
        portRequestId=request_id,
        documentId=document_id,
        decision=decision,
        **{"marks": COMPLETE, **given},
    )


def codes(payload) -> list[tuple[str, str]]:
    return [(error["code"], ".".join(error["path"])) for error in payload["userErrors"]]


@pytest.mark.requirement("S31")
async def test_an_accepted_document_says_what_it_shows(door, database, house, request_id):
    before = now()
    marks = {"accountShown": "COMPLETE", "addressShown": "PARTIAL", "numbersShown": "MISSING"}
    payload = await review(door, request_id, "ACCEPT", marks=marks)
    assert payload["portRequest"]["status"] == "IN_REVIEW"

    shown = (await seen(door, house.viewer, request_id))["latestProof"]["review"]
    assert shown.pop("reviewedAt") >= before.isoformat()[:19]
    assert shown == {
        "state": "ACCEPTED",
        **marks,
        "refusalCode": None,
        "refusalText": None,
        "remedy": None,
    }
    async with database.working() as connection:
        reviewer = await connection.fetchval(
            "SELECT reviewed_by FROM documents WHERE review_state = 'ACCEPTED'"
        )
    assert reviewer == "support"


@pytest.mark.requirement("S31")
async def test_a_refused_document_waits_for_the_requester_and_is_replaced(
    door, database, house, request_id
):
    payload = await review(
        door,
        request_id,
        "REFUSE",
        code="DOCUMENT_OUTDATED",
        text="  It is of last\n year. ",
        marks=COMPLETE,
    )
    assert payload["portRequest"]["status"] == "ACTION_REQUIRED"

    found = await seen(door, house.administrator, request_id)
    assert found["waitingOn"]["waitingOn"] == "REQUESTER"
    assert found["latestProof"]["review"]["refusalText"] == "It is of last year."
    assert (
        found["latestProof"]["review"]["remedy"] == REJECTION_CODES["DOCUMENT_OUTDATED"].remedy
    )
    assert (await request_of(database, request_id)).fault_code == "DOCUMENT_OUTDATED"
    assert (await types_told(database, request_id))[-2:] == [
        "document_reviewed",
        "action_required",
    ]

    early = await door.act(
        house.administrator, "resubmitPortRequest", portRequestId=request_id
    )
    assert codes(early) == [("DOCUMENT_REQUIRED", "portRequest.documents")]
    await attached(door, house.administrator, request_id, kind="CSR", filename="this year.pdf")
    proof = (await card(door, house.administrator, request_id))["latestProof"]
    assert (proof["filename"], proof["isNewest"]) == ("this year.pdf", True)
    newest = (await told(database, request_id))[-1].fact
    assert (newest.type, newest.document_id) == (
        "porting.document_attached.v1",
        proof["id"],
    )
    assert newest.attached_at > now() - timedelta(minutes=1)
    again = await door.act(
        house.administrator, "resubmitPortRequest", portRequestId=request_id
    )
    assert again["portRequest"]["status"] == "IN_REVIEW"


async def test_another_kind_of_document_takes_no_proofs_place(door, house, request_id):
    await review(door, request_id, "REFUSE", code="DOCUMENT_ILLEGIBLE")
    await attached(door, house.administrator, request_id, kind="OTHER")
    payload = await door.act(
        house.administrator, "resubmitPortRequest", portRequestId=request_id
    )
    assert codes(payload) == [("DOCUMENT_REQUIRED", "portRequest.documents")]


async def test_a_review_in_the_customers_favour_lets_the_request_go_on(
    door, house, request_id
):
    await review(door, request_id, "REFUSE", code="DOCUMENT_ILLEGIBLE")
    await review(door, request_id, "ACCEPT")
    payload = await door.act("support", "resubmitPortRequest", portRequestId=request_id)
    assert payload["portRequest"]["status"] == "IN_REVIEW"


async def test_no_event_tells_what_is_in_a_document_or_written_about_it(
    door, database, request_id
):
    await review(
        door, request_id, "REFUSE", code="DOCUMENT_REFUSED", text="Your aunt signed it."
    )
    async with database.working() as connection:
        bodies = await connection.fetch("SELECT body::text AS body FROM outbox")
    assert bodies
    assert not [row for row in bodies if "aunt" in row["body"] or "invoice.pdf" in row["body"]]


async def test_a_second_look_changes_the_first(door, request_id):
    await review(door, request_id, "REFUSE", code="DOCUMENT_ILLEGIBLE")
    payload = await review(door, request_id, "ACCEPT")
    assert (payload["userErrors"], payload["portRequest"]["status"]) == ([], "ACTION_REQUIRED")
    found = (await seen(door, "support", request_id))["latestProof"]["review"]
    assert (found["state"], found["refusalCode"]) == ("ACCEPTED", None)


async def test_a_second_refusal_finds_the_request_waiting_already(door, database, request_id):
    await review(door, request_id, "REFUSE", code="DOCUMENT_ILLEGIBLE")
    before = await request_of(database, request_id)
    await review(door, request_id, "REFUSE", code="DOCUMENT_INCOMPLETE")
    after = await request_of(database, request_id)
    assert (after.status, after.status_since) == (before.status, before.status_since)


async def test_a_review_that_says_too_little_is_refused(door, request_id):
    assert codes(await review(door, request_id, "REFUSE", marks=None)) == [
        ("REQUIRED", "input.code"),
        ("REQUIRED", "input.marks"),
    ]
    assert codes(await review(door, request_id, "REFUSE", code="DOCUMENT_REFUSED")) == [
        ("REQUIRED", "input.text")
    ]
    payload = await review(
        door, request_id, "ACCEPT", code="DOCUMENT_ILLEGIBLE", text="x" * 501
    )
    assert codes(payload) == [("INVALID", "input.code"), ("TOO_LONG", "input.text")]


async def test_only_a_document_of_the_request_is_reviewed(door, database, house, request_id):
    other = await a_draft(database, house.administrator, house.dental)
    await attached(door, house.administrator, other)
    foreign = (await card(door, house.administrator, other))["latestProof"]["id"]
    for document_id in (foreign, "doc_x"):
        payload = await review(door, request_id, "ACCEPT", documentId=document_id)
        assert codes(payload) == [("NOT_FOUND", "input.documentId")]


async def test_a_number_list_is_not_reviewed(door, database, house, request_id):
    numbers = (await card(door, house.administrator, request_id))["numberList"]["id"]
    payload = await review(door, request_id, "ACCEPT", documentId=numbers)
    assert codes(payload) == [("INVALID", "input.documentId")]


@pytest.mark.parametrize("status", ["DRAFT", "AWAITING_AUTHORIZATION", "WITH_CARRIER"])
async def test_a_document_is_reviewed_in_review_only(door, database, request_id, status):
    async with database.working() as connection:
        await connection.execute("UPDATE port_requests SET status = $1", status)
    assert codes(await review(door, request_id, "ACCEPT")) == [
        ("INVALID_STATE", "input.portRequestId")
    ]


async def test_customers_review_nothing(door, database, house, request_id):
    found = await seen(door, "support", request_id)
    given = {
        "portRequestId": request_id,
        "documentId": found["latestProof"]["id"],
        "decision": "ACCEPT",
    }
    mutation = door.mutation("reviewDocument")
    assert await door.code(house.administrator, mutation, input=given) == "FORBIDDEN"
    async with database.transaction(house.administrator) as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute("UPDATE documents SET review_state = 'ACCEPTED'")
        await connection.execute("ROLLBACK")


async def test_a_refused_proof_is_no_proof(door, database, house, request_id):
    async with database.working() as connection:
        await connection.execute("UPDATE documents SET review_state = 'REFUSED'")
        await connection.execute("UPDATE port_requests SET status = 'DRAFT'")
        await connection.execute("UPDATE lines SET state = 'ADDED'")
    payload = await door.act(
        house.administrator, "submitPortRequest", portRequestId=request_id
    )
    assert codes(payload) == [("DOCUMENT_REQUIRED", "portRequest.documents")]


async def test_the_desk_and_the_customer_are_told_what_they_can_do(door, house, request_id):
    assert "REVIEW_DOCUMENT" in (await seen(door, "support", request_id))["availableActions"]
    payload = await review(door, request_id, "REFUSE", code="DOCUMENT_ILLEGIBLE")
    assert "REVIEW_DOCUMENT" in payload["portRequest"]["availableActions"]
    found = await seen(door, house.administrator, request_id)
    assert {"ATTACH_DOCUMENT", "RESUBMIT"} <= {*found["availableActions"]}
    assert (await seen(door, house.viewer, request_id))["availableActions"] == []


async def test_a_request_that_the_carrier_has_takes_no_document(
    door, database, house, request_id
):
    async with database.working() as connection:
        await connection.execute(
            "UPDATE port_requests SET status = $1", PortRequestStatus.WITH_CARRIER
        )
    payload = await attach(door, house.administrator, request_id, a_pdf())
    assert codes(payload) == [("INVALID_STATE", "input.portRequestId")]
