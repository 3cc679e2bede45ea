"""Commands and upload links in wrong hands: refused as if the thing did not exist, and no trace."""

import secrets
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from deploy.local.graph_client import GraphClient, RefusedError, TransportError
from deploy.local.journey import LETTER
from tests.journeys.asking import NO_TLS, ask
from tests.journeys.cast import found_account
from tests.journeys.observations import select
from tests.journeys.port_ins import (
    create_upload,
    import_numbers,
    list_numbers,
    numbers_of,
    put,
    send_file,
    start_draft,
)

pytestmark = pytest.mark.journey

UNKNOWN = {
    "pr": "pr_01jdqk2r8ce5qv1m4b4m2a9x7e",
    "po": "po_01jdqk2r8ce5qv1m4b4m2a9x7e",
    "num": "num_01jdqk2r8ce5qv1m4b4m2a9x7e",
    "co": "co_01jdqk2r8ce5qv1m4b4m2a9x7e",
    "up": "up_01jdqk2r8ce5qv1m4b4m2a9x7e",
}
COMMANDS = {
    "PrepareLetter": lambda given: {"portRequestId": given, **LETTER},
    "SignLetter": lambda given: {"portRequestId": given, "signerName": "Eve", "consent": True},
    "AcknowledgeWarnings": lambda given: {"portRequestId": given},
    "SubmitPortRequest": lambda given: {"portRequestId": given},
    "AuthorizePortOut": lambda given: {"portOutId": given},
    "ConfirmGainingCarrier": lambda given: {
        "portOutId": given,
        "trackingNumber": "+12125550142",
    },
    "RecordTestCall": lambda given: {
        "portOutId": given,
        "trackingNumber": "+12125550142",
        "callingNumber": "+16175550177",
        "calledAt": datetime.now(UTC).isoformat(),
    },
    "DisableTrackingNumber": lambda given: {"trackingNumberId": given},
    "CreatePortRequest": lambda given: {"companyId": given, "name": "Theirs"},
}


@pytest.fixture(scope="module")
async def carroll(stack):
    return await found_account(stack, "Carroll Clocks")


@pytest.fixture(scope="module")
async def draft(stack, carroll):
    """Of a manager, in Downtown."""
    client = GraphClient(stack.gateway_url, carroll.tokens["MANAGER"])
    request_id = await start_draft(client, carroll, "A manager's draft")
    await import_numbers(client, request_id, list_numbers(numbers_of(215, 2)))
    return request_id


def id_for(command, travelled, draft):
    match command:
        case "CreatePortRequest":
            return travelled.ids["Company"]
        case "DisableTrackingNumber":
            return travelled.ids["TrackingNumber"]
        case "AuthorizePortOut" | "ConfirmGainingCarrier" | "RecordTestCall":
            return travelled.ids["PortOut"]
        case _:
            return draft


async def refusal_of(client, command, **given):
    try:
        await client.do(command, **given)
    except RefusedError as refused:
        return refused.user_errors
    pytest.fail("it was not refused")


async def events_of(stack):
    counts = "SELECT (SELECT count(*) FROM event_log) + (SELECT count(*) FROM outbox)"
    return [(await select(stack, service, counts))[0][0] for service in ("porting", "numbers")]


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_on_what_is_anothers_is_refused_as_on_what_does_not_exist(
    stack, babbage, travelled, draft, command
):
    client = GraphClient(stack.gateway_url, babbage.tokens["ADMINISTRATOR"])
    target = id_for(command, travelled, draft)
    before = await events_of(stack)

    theirs = await refusal_of(client, command, **COMMANDS[command](target))
    unknown = await refusal_of(
        client, command, **COMMANDS[command](UNKNOWN[target.partition("_")[0]])
    )

    assert theirs == unknown
    assert {fault["code"] for fault in theirs} <= {"NOT_FOUND", "UNKNOWN_COMPANY"}
    assert await events_of(stack) == before


@pytest.mark.parametrize("person", ["CLIENT_MANAGER", "UPTOWN_MANAGER"])
async def test_a_colleague_without_sight_of_a_draft_cannot_touch_it(
    stack, carroll, draft, person
):
    client = GraphClient(stack.gateway_url, carroll.tokens[person])

    for command in ("PrepareLetter", "SignLetter", "AcknowledgeWarnings", "SubmitPortRequest"):
        theirs = await refusal_of(client, command, **COMMANDS[command](draft))
        unknown = await refusal_of(client, command, **COMMANDS[command](UNKNOWN["pr"]))
        assert theirs == unknown


@pytest.mark.requirement("S48")
async def test_a_client_manager_sees_their_own_request_and_no_other(stack, carroll, draft):
    token = carroll.tokens["CLIENT_MANAGER"]
    own = await start_draft(GraphClient(stack.gateway_url, token), carroll, "My own")
    query = "{ portRequests(first: 100) { totalCount edges { node { id name } } } }"

    theirs = await ask(stack.gateway_url, query, token)
    all_of_them = await ask(stack.gateway_url, query, carroll.tokens["ADMINISTRATOR"])

    assert theirs["portRequests"]["edges"] == [{"node": {"id": own, "name": "My own"}}]
    assert theirs["portRequests"]["totalCount"] == 1
    assert {edge["node"]["id"] for edge in all_of_them["portRequests"]["edges"]} >= {
        own,
        draft,
    }


@pytest.mark.requirement("S45")
async def test_a_viewer_may_not_begin_anything(stack, carroll):
    client = GraphClient(stack.gateway_url, carroll.tokens["VIEWER"])

    with pytest.raises(TransportError, match="FORBIDDEN"):
        await start_draft(client, carroll)
    with pytest.raises(TransportError, match="FORBIDDEN"):
        await create_upload(client, "NUMBER_LIST", "numbers.csv", b"none")


@pytest.mark.parametrize("person", ["ADMINISTRATOR", "MANAGER", "CLIENT_MANAGER", "VIEWER"])
async def test_the_port_desk_alone_speaks_for_the_carrier(stack, carroll, draft, person):
    client = GraphClient(stack.gateway_url, carroll.tokens[person])

    for command in ("SendToCarrier", "RecordFirmDate", "RecordPorted"):
        given = {"portRequestId": draft}
        if command == "RecordFirmDate":
            given["firmDate"] = "2030-01-01"
        if command == "RecordPorted":
            given["portedAt"] = datetime.now(UTC).isoformat()
        with pytest.raises(TransportError, match="FORBIDDEN"):
            await client.do(command, **given)


@pytest.mark.parametrize(
    "thief", ["another account's", "a colleague's", "the administrator's"]
)
async def test_anothers_upload_is_as_unknown_as_one_that_never_was(
    stack, carroll, babbage, thief
):
    owner = GraphClient(stack.gateway_url, carroll.tokens["MANAGER"])
    content = list_numbers(numbers_of(216, 2)).encode()
    upload_id = await send_file(owner, "NUMBER_LIST", "numbers.csv", content)
    account, person = {
        "another account's": (babbage, "ADMINISTRATOR"),
        "a colleague's": (carroll, "CLIENT_MANAGER"),
        "the administrator's": (carroll, "ADMINISTRATOR"),
    }[thief]
    client = GraphClient(stack.gateway_url, account.tokens[person])
    request_id = await start_draft(client, account)

    for command, more in (("ImportLines", {}), ("AttachDocument", {"kind": "INVOICE"})):
        given = {"portRequestId": request_id, **more}
        theirs = await refusal_of(client, command, uploadId=upload_id, **given)
        unknown = await refusal_of(client, command, uploadId=UNKNOWN["up"], **given)
        assert theirs == unknown
        assert [fault["code"] for fault in theirs] == ["UPLOAD_NOT_FOUND"]


def changed(url, **changes):
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    path = parts.path
    if "id" in changes:
        path = f"/uploads/{changes.pop('id')}"
    kept = {name: value for name, value in {**query, **changes}.items() if value is not None}
    return parts._replace(path=path, query=urlencode(kept)).geturl()


@pytest.fixture
async def link(stack, carroll):
    client = GraphClient(stack.gateway_url, carroll.tokens["MANAGER"])
    return await create_upload(client, "DOCUMENT", "bill.pdf", b"some bytes")


async def test_a_link_takes_its_own_file_once(link):
    assert (await put(link, b"some bytes")).status_code == 204

    again = await put(link, b"some bytes")

    assert (again.status_code, again.json()["code"]) == (409, "ALREADY_UPLOADED")


async def test_a_link_that_was_changed_is_no_link(stack, carroll, link):
    client = GraphClient(stack.gateway_url, carroll.tokens["MANAGER"])
    other = await create_upload(client, "DOCUMENT", "other.pdf", b"some bytes")
    forged = [
        changed(link["url"], id=other["id"]),
        changed(link["url"], id=UNKNOWN["up"]),
        changed(link["url"], id="..%2F..%2Fetc%2Fpasswd"),
        changed(link["url"], expires="9999999999"),
        changed(link["url"], expires=""),
        changed(link["url"], expires="ÿ"),
        changed(link["url"], expires=None),
        changed(link["url"], signature=secrets.token_hex(32)),
        changed(link["url"], signature="ÿ"),
        changed(link["url"], signature=None),
    ]

    for url in forged:
        answer = await put(link, b"some bytes", url)
        assert answer.status_code in {403, 404}, url

    stored = "SELECT FROM uploads WHERE id = ANY($1) AND stored_at IS NOT NULL"
    assert not await select(stack, "porting", stored, [link["id"], other["id"]])


async def test_other_bytes_than_were_promised_are_not_stored(stack, link):
    for content in (b"other byte", b"some bytes and more", b"some", b""):
        answer = await put(link, content)
        assert (answer.status_code, answer.json()["code"]) == (400, "CHECKSUM_MISMATCH")

    stored = "SELECT FROM uploads WHERE id = $1 AND stored_at IS NOT NULL"
    assert not await select(stack, "porting", stored, link["id"])
    assert not (stack.folder / "files/uploads" / link["id"]).exists()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
async def test_a_link_gives_nothing_back(link, method):
    await put(link, b"some bytes")

    async with httpx.AsyncClient(verify=NO_TLS) as client:
        answer = await client.request(method, link["url"])

    assert answer.status_code == 405
    assert b"some bytes" not in answer.content
