"""Files by their signed links, and what is taken of them, over HTTP."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from libs.common.database import Database
from libs.common.download_links import DownloadLinks
from services.porting.integrations.files import Files, UploadLinks
from services.porting.routes.files import file_routes
from tests.porting.builders import (
    a_draft,
    add_inventory,
    found_house,
    lines_of,
    now,
    phone,
    types_told,
)
from tests.porting.door import Door
from tests.porting.files import a_pdf, a_picture

PDF = a_pdf("Invoice")
CSV = b"tracking_number,forwarding_number,name,source,company\n2125550100,3125550100,a,b,Dental\n"


def a_promise(content: bytes, **changes: Any) -> dict[str, Any]:
    promise = {
        "purpose": "DOCUMENT",
        "filename": "invoice.pdf",
        "contentType": "application/pdf",
        "byteSize": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return promise | changes


async def promised(door: Door, caller, content: bytes, **changes: Any) -> dict[str, Any]:
    payload = await door.act(caller, "createUpload", **a_promise(content, **changes))
    assert payload["userErrors"] == []
    return payload["upload"]


async def put(door: Door, upload: dict[str, Any], content: bytes) -> httpx.Response:
    headers = {header["name"]: header["value"] for header in upload["headers"]}
    return await door.client.request(
        upload["method"], upload["url"], content=content, headers=headers
    )


async def uploaded(door: Door, caller, content: bytes, purpose: str = "DOCUMENT") -> str:
    upload = await promised(door, caller, content, purpose=purpose)
    assert (await put(door, upload, content)).status_code == 204
    return upload["id"]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_promised_file_is_taken_once(door, database):
    house = await found_house(database)
    upload = await promised(door, house.administrator, PDF)
    assert (await put(door, upload, PDF)).status_code == 204
    assert code_of(await put(door, upload, PDF)) == (409, "ALREADY_UPLOADED")


async def test_of_many_puts_at_once_the_bytes_are_the_promised_ones(door, database):
    house = await found_house(database)
    upload = await promised(door, house.administrator, PDF)
    answers = await asyncio.gather(*(put(door, upload, PDF) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {204, 409}
    assert await door.room.files.get(upload["id"]) == PDF


async def test_other_bytes_than_promised_are_refused(door, database):
    house = await found_house(database)
    upload = await promised(door, house.administrator, PDF)
    for content in (b"", PDF[:-1], PDF + b"x", PDF[:-1] + b"x", PDF * 1_000):
        assert code_of(await put(door, upload, content)) == (400, "CHECKSUM_MISMATCH")
    assert (await put(door, upload, PDF)).status_code == 204


async def test_a_link_holds_for_its_own_upload_method_and_time(door, database):
    house = await found_house(database)
    upload = await promised(door, house.administrator, PDF)
    other = await promised(door, house.administrator, PDF)
    url = urlsplit(upload["url"])
    (expires,), (signature,) = parse_qs(url.query).values()
    later = str(int(expires) + 1)
    old = door.room.upload_links.make(upload["id"], now() - timedelta(seconds=1))
    for link in (
        upload["url"].replace(upload["id"], other["id"]),
        upload["url"].replace(expires, later),
        upload["url"].replace(signature, "0" * 64),
        upload["url"].replace(signature, "é"),
        upload["url"].replace(f"&signature={signature}", ""),
        upload["url"].replace(expires, "soon"),
        f"{url.scheme}://{url.netloc}{url.path}",
        UploadLinks("http://porting", "1" * 64).make(upload["id"], now() + timedelta(hours=1)),
        old,
    ):
        answer = await put(door, upload | {"url": link}, PDF)
        assert (link, *code_of(answer)) == (link, 403, "LINK_NOT_VALID")
    assert (await door.client.get(upload["url"])).status_code == 405
    assert (await door.client.post(upload["url"], content=PDF)).status_code == 405
    async with database.working() as connection:
        assert await connection.fetchval("SELECT count(stored_at) FROM uploads") == 0


async def test_a_good_signature_without_a_promise_stores_nothing(door, database):
    link = door.room.upload_links.make("up_unknown", now() + timedelta(hours=1))
    answer = await door.client.put(link, content=PDF)
    assert code_of(answer) == (404, "UPLOAD_NOT_FOUND")


async def test_a_path_leads_nowhere_else(door):
    for name in ("../../etc/passwd", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a/b"):
        answer = await door.client.put(f"http://porting/uploads/{name}", content=PDF)
        assert answer.status_code in {403, 404}


IMPOSSIBLE_PROMISES = (
    ({"filename": "../x.pdf"}, [("INVALID", "filename")]),
    ({"filename": "a\\b"}, [("INVALID", "filename")]),
    ({"filename": "a\nb"}, [("INVALID", "filename")]),
    ({"filename": "a\u202efdp.exe"}, [("INVALID", "filename")]),
    ({"filename": " "}, [("INVALID", "filename")]),
    ({"filename": "x" * 256}, [("INVALID", "filename")]),
    ({"byteSize": 0}, [("FILE_EMPTY", "byteSize")]),
    ({"byteSize": -1}, [("FILE_EMPTY", "byteSize")]),
    ({"byteSize": 10 * 1024 * 1024 + 1}, [("FILE_TOO_LARGE", "byteSize")]),
    ({"sha256": "x" * 64}, [("INVALID", "sha256")]),
    ({"contentType": "text/html\r\nx: y"}, [("INVALID", "contentType")]),
    (
        {"filename": "", "byteSize": 0, "sha256": ""},
        [("INVALID", "filename"), ("FILE_EMPTY", "byteSize"), ("INVALID", "sha256")],
    ),
)


async def test_a_promise_that_cannot_be_kept_is_refused(door, database):
    house = await found_house(database)
    for changes, faults in IMPOSSIBLE_PROMISES:
        promise = a_promise(PDF, **changes)
        payload = await door.act(house.administrator, "createUpload", **promise)
        assert payload["upload"] is None
        refused = [(error["code"], error["path"][-1]) for error in payload["userErrors"]]
        assert refused == faults


async def test_a_number_list_becomes_lines_and_stays_with_the_request(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    upload_id = await uploaded(door, house.administrator, CSV, "NUMBER_LIST")
    payload = await door.act(
        house.administrator, "importLines", portRequestId=request_id, uploadId=upload_id
    )
    assert payload["userErrors"] == []
    answer = await door.see(
        house.administrator,
        """query ($id: ID!) { portRequest(id: $id) {
          documents { edges { node { kind filename } } }
          lines { edges { node {
            phoneNumber nationalFormat forwardingNumber name source state company { id }
          } } }
        } }""",
        id=request_id,
    )
    assert answer["portRequest"] == {
        "documents": {"edges": [{"node": {"kind": "NUMBER_LIST", "filename": "invoice.pdf"}}]},
        "lines": {
            "edges": [
                {
                    "node": {
                        "phoneNumber": "+12125550100",
                        "nationalFormat": "(212) 555-0100",
                        "forwardingNumber": "+13125550100",
                        "name": "a",
                        "source": "b",
                        "state": "ADDED",
                        "company": {"id": house.dental},
                    }
                }
            ]
        },
    }


@pytest.mark.requirement("S24", "S41", "S42", "S44")
async def test_a_refused_list_changes_nothing_and_tells_all_faults_in_order(door, database):
    house, other = await found_house(database), await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    accepted = await uploaded(door, house.administrator, CSV, "NUMBER_LIST")
    await door.act(
        house.administrator, "importLines", portRequestId=request_id, uploadId=accepted
    )
    before = await lines_of(database, request_id), await types_told(database, request_id)
    await add_inventory(database, other, phone(200))
    rows = (
        "2125550200,3125550100,a,b,Nobody",
        "2125550101,2125550200,a,b,Dental",
        "1.8E+10,3125550100,a,b,Dental",
    )
    bad = CSV + "\n".join(rows).encode()
    refused = await uploaded(door, house.administrator, bad, "NUMBER_LIST")

    payload = await door.act(
        house.administrator, "importLines", portRequestId=request_id, uploadId=refused
    )

    assert payload["portRequest"] is None
    assert [
        (error["__typename"], error["row"], error["column"], error["code"])
        for error in payload["userErrors"]
    ] == [
        ("CsvRowError", 3, "company", "UNKNOWN_COMPANY"),
        ("CsvRowError", 3, "tracking_number", "INTERNAL_PORT"),
        ("CsvRowError", 4, "forwarding_number", "FORWARDING_LOOP"),
        ("CsvRowError", 5, "tracking_number", "CSV_SCIENTIFIC_NUMBER"),
    ]
    assert (
        await lines_of(database, request_id),
        await types_told(database, request_id),
    ) == before
    async with database.working() as connection:
        assert await connection.fetchval("SELECT count(*) FROM documents") == 1


@pytest.mark.requirement("S25")
async def test_a_number_of_another_open_request_is_refused(door, database):
    house, other = await found_house(database), await found_house(database)
    taken = await a_draft(database, other.administrator, other.dental)
    await fill_by_csv(door, other.administrator, taken)
    async with database.working() as connection:
        await connection.execute("UPDATE lines SET state = 'READY'")
    request_id = await a_draft(database, house.administrator, house.dental)
    (error,) = await fill_by_csv(door, house.administrator, request_id)
    assert (error["code"], error["row"]) == ("NUMBER_ALREADY_CLAIMED", 2)
    ringing = CSV.replace(b"2125550100", b"3125550100").replace(b",3125550100", b",2125550777")
    (error,) = await fill_by_csv(door, house.administrator, request_id, ringing)
    assert (error["code"], error["column"]) == ("FORWARDING_LOOP", "tracking_number")


async def fill_by_csv(door, caller, request_id, content=CSV) -> list[dict[str, Any]]:
    upload_id = await uploaded(door, caller, content, "NUMBER_LIST")
    payload = await door.act(
        caller, "importLines", portRequestId=request_id, uploadId=upload_id
    )
    errors: list[dict[str, Any]] = payload["userErrors"]
    return errors


@pytest.mark.requirement("S42")
async def test_a_company_that_is_not_the_managers_is_unknown(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.manager, house.dental)
    (error,) = await fill_by_csv(
        door, house.manager, request_id, CSV.replace(b"Dental", b"Garage")
    )
    assert error["code"] == "UNKNOWN_COMPANY"


async def test_a_document_is_known_by_its_content(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    for content in (PDF, *map(a_picture, ("PNG", "JPEG", "TIFF"))):
        upload_id = await uploaded(door, house.administrator, content)
        payload = await attach(door, house.administrator, request_id, upload_id)
        assert payload["userErrors"] == []
    query = """query ($id: ID!) { portRequest(id: $id) {
      documents { edges { node { contentType kind } } }
    } }"""
    answer = await door.see(house.administrator, query, id=request_id)
    edges = answer["portRequest"]["documents"]["edges"]
    types = [edge["node"]["contentType"] for edge in edges]
    assert types == ["image/tiff", "image/jpeg", "image/png", "application/pdf"]


async def attach(door, caller, request_id, upload_id, **given) -> dict[str, Any]:
    return await door.act(
        caller,
        "attachDocument",
        portRequestId=request_id,
        uploadId=upload_id,
        kind="INVOICE",
        **given,
    )


async def test_a_file_of_another_type_is_refused_whatever_its_name(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    html = b"<html><script>alert(1)</script></html>"
    for content in (html, CSV, b"GIF89a", b"PK\x03\x04zip", b"x"):
        upload_id = await uploaded(door, house.administrator, content)
        payload = await attach(door, house.administrator, request_id, upload_id)
        (error,) = payload["userErrors"]
        assert (error["code"], error["path"]) == (
            "FILE_TYPE_NOT_ALLOWED",
            ["input", "uploadId"],
        )
    assert await types_told(database, request_id) == ["draft_changed"]


async def test_an_upload_is_used_by_whom_and_for_what_it_was_made(door, database):
    house, other = await found_house(database), await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    colleagues = await uploaded(door, house.manager, PDF)
    foreign = await uploaded(door, other.administrator, PDF)
    a_list = await uploaded(door, house.administrator, CSV, "NUMBER_LIST")
    unfinished = (await promised(door, house.administrator, PDF))["id"]
    old = await uploaded(door, house.administrator, PDF)
    async with database.working() as connection:
        await connection.execute(
            "UPDATE uploads SET stored_at = stored_at - interval '25 hours' WHERE id = $1", old
        )
    for upload_id in (colleagues, foreign, a_list, unfinished, old, "up_x"):
        (error,) = (await attach(door, house.administrator, request_id, upload_id))[
            "userErrors"
        ]
        assert (error["code"], error["path"]) == ("UPLOAD_NOT_FOUND", ["input", "uploadId"])


async def test_the_same_key_attaches_once_and_answers_though_submitted_since(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    upload_id = await uploaded(door, house.administrator, PDF)
    given = {"idempotencyKey": "once"}
    first = await attach(door, house.administrator, request_id, upload_id, **given)
    assert await attach(door, house.administrator, request_id, upload_id, **given) == first
    async with database.working() as connection:
        assert await connection.fetchval("SELECT count(*) FROM documents") == 1
        await connection.execute("UPDATE port_requests SET status = 'IN_REVIEW'")
    again = await attach(door, house.administrator, request_id, upload_id, **given)
    assert (again["userErrors"], again["portRequest"]["status"]) == ([], "IN_REVIEW")
    (error,) = (await attach(door, house.administrator, request_id, upload_id))["userErrors"]
    assert error["code"] == "INVALID_STATE"


async def test_the_same_key_promises_one_upload(door, database):
    house = await found_house(database)
    first, again = [
        await promised(door, house.administrator, PDF, idempotencyKey="once") for _ in range(2)
    ]
    assert first == again


async def test_a_submitted_request_takes_no_more_files(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    await fill_by_csv(door, house.administrator, request_id)
    async with database.working() as connection:
        await connection.execute("UPDATE port_requests SET status = 'WITH_CARRIER'")
    (error,) = await fill_by_csv(door, house.administrator, request_id)
    assert (error["__typename"], error["status"], error["availableActions"]) == (
        "InvalidStateError",
        "WITH_CARRIER",
        ["CANCEL"],
    )


async def test_files_are_kept_below_a_folder_whatever_its_name(tmp_path: Path):
    folder = tmp_path / "files of ours"
    files = Files(folder.as_uri())
    await files.put("up_1", PDF)
    assert await files.get("up_1") == PDF
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["up_1"]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (ConnectionRefusedError("10.0.0.1"), 503, "UNAVAILABLE"),
        (KeyError("x"), 500, "INTERNAL"),
    ],
)
async def test_our_own_faults_are_masked(door, monkeypatch, fault, status, code):
    def fail(_self):
        raise fault

    link = door.room.upload_links.make("up_1", now() + timedelta(hours=1))
    monkeypatch.setattr(Database, "working", fail)
    answer = await door.client.put(link, content=PDF)
    assert code_of(answer) == (status, code)
    assert str(fault) not in answer.text


async def test_a_page_of_a_named_origin_may_send_files_and_no_other(database, tmp_path):
    links = UploadLinks("http://porting", "0" * 64)
    downloads = DownloadLinks("http://porting", "0" * 64, "documents")
    files = Files(tmp_path.as_uri())
    routes = file_routes(database, files, links, downloads, ["https://app.example"])
    transport = httpx.ASGITransport(Starlette(routes=routes))
    asked = {
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type",
    }
    async with httpx.AsyncClient(transport=transport, base_url="http://porting") as client:
        ours, other = [
            await client.options("/uploads/up_1", headers=asked | {"origin": origin})
            for origin in ("https://app.example", "https://evil.example")
        ]

    assert ours.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.requirement("S25")
async def test_a_forwarding_number_of_another_open_request_is_a_loop(door, database):
    house, other = await found_house(database), await found_house(database)
    taken = await a_draft(database, other.administrator, other.dental)
    await fill_by_csv(door, other.administrator, taken)
    async with database.working() as connection:
        await connection.execute("UPDATE lines SET state = 'READY'")
    request_id = await a_draft(database, house.administrator, house.dental)
    to_theirs = CSV.replace(b",3125550100", b",2125550100").replace(
        b"\n2125550100", b"\n2125550123"
    )
    (error,) = await fill_by_csv(door, house.administrator, request_id, to_theirs)
    assert (error["code"], error["column"]) == ("FORWARDING_LOOP", "forwarding_number")
