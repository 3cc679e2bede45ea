"""A port request filled in, signed and submitted, by the graph and the upload links alone."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

import httpx

from deploy.local.demo_accounts import DemoAccount
from deploy.local.graph_client import GraphClient
from deploy.local.journey import INVOICE, LETTER
from tests.journeys.asking import NO_TLS, post
from tests.journeys.observations import until

HEADING = "tracking_number,forwarding_number,name,source,company"


def list_numbers(numbers: Sequence[str], company: str = "Downtown") -> str:
    rows = [f"{number},+12125550199,Desk,Web,{company}" for number in numbers]
    return "\n".join([HEADING, *rows]) + "\n"


def numbers_of(area_code: int, count: int) -> list[str]:
    """Fictional ones, at most a hundred of an area code."""
    return [f"+1{area_code}55501{last:02}" for last in range(count)]


async def start_draft(client: GraphClient, account: DemoAccount, name: str = "Ours") -> str:
    made = await client.do(
        "CreatePortRequest", companyId=account.company_ids["Downtown"], name=name
    )
    return str(made["id"])


async def create_upload(
    client: GraphClient, purpose: str, filename: str, content: bytes, **changes: Any
) -> dict[str, Any]:
    given = {
        "purpose": purpose,
        "filename": filename,
        "contentType": "text/plain",
        "byteSize": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return await client.do("CreateUpload", **given, **changes)


async def put(
    upload: dict[str, Any], content: bytes, url: str | None = None
) -> httpx.Response:
    headers = {header["name"]: header["value"] for header in upload["headers"]}
    async with httpx.AsyncClient(timeout=20, verify=NO_TLS) as http:
        return await http.request(
            upload["method"], url or upload["url"], content=content, headers=headers
        )


async def send_file(client: GraphClient, purpose: str, filename: str, content: bytes) -> str:
    """The upload's id, once the bytes are there."""
    upload = await create_upload(client, purpose, filename, content)
    (await put(upload, content)).raise_for_status()
    return str(upload["id"])


async def import_numbers(client: GraphClient, request_id: str, text: str) -> dict[str, Any]:
    """Raises `RefusedError`."""
    upload_id = await send_file(client, "NUMBER_LIST", "numbers.csv", text.encode())
    return await client.do("ImportLines", portRequestId=request_id, uploadId=upload_id)


async def submit_port_in(
    client: GraphClient, account: DemoAccount, numbers: Sequence[str], **letter: Any
) -> str:
    """The request's id, once numbers has made every line a number."""
    request_id = await start_draft(client, account)
    await import_numbers(client, request_id, list_numbers(numbers))
    invoice = await send_file(client, "DOCUMENT", "invoice.pdf", INVOICE)
    await client.do(
        "AttachDocument", portRequestId=request_id, uploadId=invoice, kind="INVOICE"
    )
    await client.do("PrepareLetter", portRequestId=request_id, **{**LETTER, **letter})
    signature = {"signerName": "Ada Admin", "consent": True}
    await client.do("SignLetter", portRequestId=request_id, **signature)
    await client.do("AcknowledgeWarnings", portRequestId=request_id)
    await client.do("SubmitPortRequest", portRequestId=request_id)

    async def is_preconfigured() -> bool:
        answer = await client.ask("ReadPortRequest", id=request_id)
        lines = [edge["node"] for edge in answer["portRequest"]["lines"]["edges"]]
        return all(line["trackingNumber"] for line in lines)

    await until(is_preconfigured)
    return request_id


async def seal_pin(
    url: str, client: GraphClient, account: DemoAccount, phone_number: str
) -> str:
    """A transfer PIN that nobody else has, with a draft's line."""
    pin = secrets.token_hex(8)
    answer = await post(
        url,
        "mutation ($input: AddLineInput!) { addLine(input: $input) { userErrors { code } } }",
        account.tokens["ADMINISTRATOR"],
        input={
            "portRequestId": await start_draft(client, account),
            "phoneNumber": phone_number,
            "forwardingNumber": "+12125550199",
            "name": "Desk",
            "source": "Web",
            "companyId": account.company_ids["Downtown"],
            "pin": pin,
        },
    )
    assert answer.json() == {"data": {"addLine": {"userErrors": []}}}
    return pin
