"""Bad input at the gateway: each has a coded answer that says all, and leaves nothing half done."""

import httpx
import pytest

from deploy.local.demo_accounts import Tokens
from deploy.local.graph_client import GraphClient, RefusedError
from deploy.local.journey import LETTER
from libs.common.graphql.errors import ErrorCode
from tests.journeys.asking import CODES, NO_TLS, codes_of, post
from tests.journeys.cast import found_account
from tests.journeys.observations import select
from tests.journeys.port_ins import (
    HEADING,
    import_numbers,
    list_numbers,
    numbers_of,
    send_file,
    start_draft,
)

pytestmark = pytest.mark.journey

WRONG_LIST = f"""{HEADING}
2155550101,+12125550199,Desk,Web,Downtown
1.80555E+10,+12125550199,Desk,Web,Downtown
2155550102,none,Desk,Web,Downtown
2155550101,+12125550199,Desk,Web,Downtown
2155550103,+12125550199,,Web,Downtown
2155550104,+12125550199,Desk,Web,Nowhere
+442079460000,+12125550199,Desk,Web,Downtown
2155550105,2155550105,Desk,Web,Downtown
"""


@pytest.fixture(scope="module")
async def boole(stack):
    return await found_account(stack, "Boole Bakers")


@pytest.fixture(scope="module")
def client(stack, boole):
    return GraphClient(stack.gateway_url, boole.tokens["ADMINISTRATOR"])


@pytest.fixture
async def draft(client, boole):
    """With two lines that are good."""
    request_id = await start_draft(client, boole)
    await import_numbers(client, request_id, list_numbers(numbers_of(218, 2)))
    return request_id


async def read(client, request_id):
    """All that a refused command must leave as it is."""
    answer = await client.ask("ReadPortRequest", id=request_id)
    return answer["portRequest"]


async def version_of(stack, request_id):
    [row] = await select(
        stack, "porting", "SELECT version FROM port_requests WHERE id = $1", request_id
    )
    return row["version"]


@pytest.mark.requirement("S25", "S40", "S41", "S42", "S44")
async def test_all_faults_of_a_number_list_come_at_once_with_row_and_column(
    stack, client, draft
):
    before = await read(client, draft), await version_of(stack, draft)

    with pytest.raises(RefusedError) as refused:
        await import_numbers(client, draft, WRONG_LIST)

    *faults, offer = refused.value.user_errors
    assert "row" not in offer  # a support case for the British number
    found = {(fault["row"], fault["code"]) for fault in faults}
    assert {row for row, _ in found} >= {3, 4, 6, 7, 8, 9}
    assert {
        (3, "CSV_SCIENTIFIC_NUMBER"),
        (4, "INVALID_PHONE_NUMBER"),
        (6, "CSV_VALUE_MISSING"),
        (7, "UNKNOWN_COMPANY"),
        (8, "COUNTRY_NOT_SUPPORTED"),
    } <= found
    assert any(code == "DUPLICATE_NUMBER" for _, code in found)
    assert any(code == "FORWARDING_LOOP" for _, code in found)
    assert all(fault["column"] and fault["message"] for fault in faults)
    assert (await read(client, draft), await version_of(stack, draft)) == before


async def import_bytes(client, request_id, content):
    upload_id = await send_file(client, "NUMBER_LIST", "numbers.csv", content)
    await client.do("ImportLines", portRequestId=request_id, uploadId=upload_id)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02\xff\xfe",
        b"name,source\nDesk,Web\n",
        HEADING.encode(),
        b"PK\x03\x04" + b"\0" * 200,
        ("a,b\n" * 3).encode("utf-16"),
        b'"' + b"x" * 500_000,
    ],
)
async def test_what_is_no_number_list_is_refused_whole(stack, client, draft, content):
    before = await read(client, draft), await version_of(stack, draft)

    with pytest.raises(RefusedError) as refused:
        await import_bytes(client, draft, content)

    assert refused.value.user_errors
    assert (await read(client, draft), await version_of(stack, draft)) == before


@pytest.mark.parametrize(
    "content",
    [b"MZ\x90\x00" + b"\0" * 64, b"<html><script>1</script></html>", b"GIF89a" + b"\0" * 64],
)
async def test_a_file_is_what_its_bytes_say_not_its_name(client, draft, content):
    upload_id = await send_file(client, "DOCUMENT", "invoice.pdf", content)

    with pytest.raises(RefusedError) as refused:
        await client.do(
            "AttachDocument", portRequestId=draft, uploadId=upload_id, kind="INVOICE"
        )

    [fault] = refused.value.user_errors
    assert fault["code"] == "FILE_TYPE_NOT_ALLOWED"


@pytest.mark.requirement("S54")
async def test_a_submission_lists_everything_that_is_missing(stack, client, boole):
    empty = await start_draft(client, boole)
    before = await version_of(stack, empty)

    with pytest.raises(RefusedError) as refused:
        await client.do("SubmitPortRequest", portRequestId=empty)

    codes = {fault["code"] for fault in refused.value.user_errors}
    assert codes >= {"NO_LINES", "DOCUMENT_REQUIRED", "WARNINGS_NOT_ACKNOWLEDGED"}
    assert codes & {"LETTER_REQUIRED", "LETTER_NOT_SIGNED"}
    assert await version_of(stack, empty) == before


async def test_what_the_state_forbids_is_refused_with_what_it_allows(
    stack, client, travelled, ada
):
    administrator = GraphClient(stack.gateway_url, ada.tokens["ADMINISTRATOR"])
    support = GraphClient(stack.gateway_url, Tokens(stack.key_folder).of_support())
    finished = travelled.ids["PortRequest"]
    before = await version_of(stack, finished)

    for who, command, given in (
        (administrator, "SubmitPortRequest", {}),
        (administrator, "PrepareLetter", LETTER),
        (support, "SendToCarrier", {}),
    ):
        with pytest.raises(RefusedError) as refused:
            await who.do(command, portRequestId=finished, **given)
        assert {fault["code"] for fault in refused.value.user_errors} == {"INVALID_STATE"}

    assert await version_of(stack, finished) == before


@pytest.mark.parametrize(
    "field",
    [
        'portRequest(id: "pr_x") { id }',
        'portOut(id: "nothing") { id }',
        'account(id: "") { id }',
        'company(id: "co_x") { id }',
        'trackingNumber(id: "num_01jdqk2r8ce5qv1m4b4m2a9x7e") { id }',
    ],
)
async def test_an_unknown_id_is_null_and_no_error(stack, boole, field):
    answer = await post(stack.gateway_url, f"{{ {field} }}", boole.tokens["MANAGER"])

    assert "errors" not in answer.json(), answer.text
    assert set(answer.json()["data"].values()) == {None}


BAD_DOCUMENTS = {
    "no GraphQL": "drop table lines",
    "cut off": "{ portRequests {",
    "an unknown field": "{ portRequests { secrets } }",
    "two operations": "query A { viewer { isSupport } } query B { viewer { isSupport } }",
    "a subscription by POST": "subscription { portStatusChanged { event } }",
    "a missing argument": "{ portRequest { id } }",
    "a bad page": "{ portRequests(first: -1) { totalCount } }",
    "a page too large": "{ portRequests(first: 101) { totalCount } }",
    "a bad cursor": '{ portRequests(after: "x") { totalCount } }',
    "a character that no text holds": '{ company(id: "co_\\u0000") { id } }',
    "too deep": "{ viewer { account {"
    + " portRequests { edges { node { account {" * 5
    + " name "
    + "} } } }" * 5
    + " } } }",
    "too much over several services": "{ portRequests(first: 100) { edges { node {"
    " lines(first: 100) { edges { node { trackingNumber { portRequest {"
    " lines(first: 100) { edges { node { id } } }"
    " } } } } } } } } }",
    "too many aliases": "{ "
    + " ".join(f"a{number}: viewer {{ isSupport }}" for number in range(40))
    + " }",
}


@pytest.mark.parametrize("document", BAD_DOCUMENTS.values(), ids=BAD_DOCUMENTS)
async def test_a_bad_document_is_the_clients_own_fault(stack, boole, document):
    answer = await post(stack.gateway_url, document, boole.tokens["ADMINISTRATOR"])

    assert set(codes_of(answer.json())) == {"BAD_USER_INPUT"}
    assert answer.status_code < 500


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"query"', 400),
        (b'{"query": 5}', 400),
        (b'{"query": "{viewer{isSupport}}", "variables": []}', 400),
        (b'[{"query": "{viewer{isSupport}}"}]', 400),
        (b'{"query": "' + b" " * 1_100_000 + b'"}', 413),
        (b"\xff\xfe\x00", 400),
    ],
)
@pytest.mark.parametrize("place", ["gateway", "porting", "numbers", "notifications"])
async def test_a_bad_body_is_refused_before_it_is_read(stack, boole, place, body, status):
    token = boole.tokens["ADMINISTRATOR"]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    async with httpx.AsyncClient(verify=NO_TLS) as http:
        answer = await http.post(f"{stack.urls[place]}/graphql", content=body, headers=headers)

    assert answer.status_code == status
    assert codes_of(answer.json()) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("place", ["gateway", "porting", "numbers", "notifications"])
async def test_only_json_by_post_is_taken(stack, place):
    url = f"{stack.urls[place]}/graphql"

    async with httpx.AsyncClient(verify=NO_TLS) as http:
        got = await http.get(url, params={"query": "{ __typename }"})
        form = await http.post(url, data={"query": "{ __typename }"})
        plain = await http.post(
            url, content=b'{"query":"{__typename}"}', headers={"content-type": "text/plain"}
        )

    assert [got.status_code, form.status_code, plain.status_code] == [405, 415, 415]


async def test_wrong_variables_are_the_clients_own_fault(stack, client, boole):
    token = boole.tokens["ADMINISTRATOR"]
    query = "mutation ($input: CreateUploadInput!) { createUpload(input: $input) { upload { id } } }"
    letter = """mutation ($input: PrepareLetterInput!) { prepareLetter(input: $input) {
        userErrors { code } } }"""
    phone = {**LETTER, "portRequestId": "pr_x", "billingNumber": "call me"}

    for text, given in (
        (query, {"purpose": "DOCUMENT"}),
        (query, "all of it"),
        (query, None),
        (letter, phone),
    ):
        answer = await post(stack.gateway_url, text, token, input=given)
        assert set(codes_of(answer.json())) == {"BAD_USER_INPUT"}, answer.text


def test_every_code_of_the_closed_list_is_known_to_these_tests():
    assert {code.value for code in ErrorCode} == CODES
