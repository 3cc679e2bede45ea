"""A request's documents: the newest on its card, each behind a link for one viewer alone."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from libs.common.caller import Caller
from libs.common.child_process import ChildCrashed, ChildProcesses, LimitExceeded
from libs.common.download_links import DownloadLinks
from services.porting.document_intake.findings import INSPECTION, PREVIEW
from services.porting.domain.documents import Part
from services.porting.integrations.files import Files, FilesUnavailable
from services.porting.use_cases.uploads import sweep_uploads
from tests.porting.builders import SUPPORT, a_draft, found_house, now, types_told
from tests.porting.door import Door
from tests.porting.files import a_bomb, a_pdf, a_picture, a_png_of, a_zip, an_encrypted_pdf
from tests.porting.test_uploads import CSV, code_of, fill_by_csv, promised, put

CARD = """query ($id: ID!) { portRequest(id: $id) {
  name requesterName createdAt account { id }
  latestProof { id kind filename url thumbnailUrl isNewest byteSize contentType pageCount }
  numberList { id kind filename url thumbnailUrl }
} }"""
HISTORY = """query ($id: ID!, $kinds: [DocumentKind!], $first: Int, $after: String) {
  portRequest(id: $id) { documents(kinds: $kinds, first: $first, after: $after) {
    edges { cursor node { kind filename isNewest } }
  } }
}"""


async def attach(
    door: Door, caller: Caller, request_id: str, content: bytes, **changes: Any
) -> dict[str, Any]:
    """The payload; `changes` are of the promise, and `kind`."""
    kind = changes.pop("kind", "INVOICE")
    upload = await promised(door, caller, content, **changes)
    assert (await put(door, upload, content)).status_code == 204
    return await door.act(
        caller, "attachDocument", portRequestId=request_id, uploadId=upload["id"], kind=kind
    )


async def attached(door, caller, request_id, content=None, **changes) -> None:
    content = a_pdf("Invoice") if content is None else content
    assert (await attach(door, caller, request_id, content, **changes))["userErrors"] == []


async def card(door, caller, request_id) -> dict[str, Any]:
    answer = await door.see(caller, CARD, id=request_id)
    found: dict[str, Any] = answer["portRequest"]
    return found


@pytest.fixture
async def request_id(door, database, house) -> str:
    """A draft of the manager's with one invoice."""
    made = await a_draft(database, house.manager, house.dental)
    await attached(door, house.manager, made)
    return made


@pytest.mark.requirement("S61", "S62")
async def test_the_card_links_to_the_proof_and_to_the_number_list(
    door, database, house, request_id
):
    assert await fill_by_csv(door, house.manager, request_id) == []
    shown = await card(door, house.administrator, request_id)
    assert (shown["name"], shown["requesterName"]) == ("Move", "Ada Lovelace")
    assert shown["account"] == {"id": house.id}
    assert shown["createdAt"]
    proof, numbers = shown["latestProof"], shown["numberList"]
    assert (proof["kind"], proof["contentType"], proof["pageCount"]) == (
        "INVOICE",
        "application/pdf",
        1,
    )
    assert (await door.client.get(proof["url"])).content == a_pdf("Invoice")
    assert (await door.client.get(numbers["url"])).content == CSV
    assert numbers["thumbnailUrl"] is None


@pytest.mark.requirement("S63")
async def test_the_newest_proof_is_linked_and_the_older_ones_stay(door, house, request_id):
    await attached(door, house.manager, request_id, filename="newer.pdf")
    await attached(door, house.manager, request_id, kind="OTHER", filename="other.pdf")
    assert (await card(door, house.manager, request_id))["latestProof"][
        "filename"
    ] == "newer.pdf"

    answer = await door.see(house.manager, HISTORY, id=request_id)
    nodes = [edge["node"] for edge in answer["portRequest"]["documents"]["edges"]]
    assert [tuple(node.values()) for node in nodes] == [
        ("OTHER", "other.pdf", True),
        ("INVOICE", "newer.pdf", True),
        ("INVOICE", "invoice.pdf", False),
    ]


async def test_documents_are_listed_by_kind_and_page_by_page(door, house, request_id):
    await attached(door, house.manager, request_id, kind="CSR", filename="csr.pdf")
    await attached(door, house.manager, request_id, filename="newer.pdf")

    async def names(**asked: Any) -> list[str]:
        answer = await door.see(house.manager, HISTORY, id=request_id, **asked)
        edges = answer["portRequest"]["documents"]["edges"]
        return [edge["node"]["filename"] for edge in edges]

    assert await names(kinds=["CSR"]) == ["csr.pdf"]
    assert await names(kinds=["INVOICE"]) == ["newer.pdf", "invoice.pdf"]
    assert await names(kinds=[]) == []
    answer = await door.see(house.manager, HISTORY, id=request_id, first=2)
    after = answer["portRequest"]["documents"]["edges"][-1]["cursor"]
    assert await names(first=2, after=after) == ["invoice.pdf"]


@pytest.mark.requirement("S32", "S33", "S34")
@pytest.mark.parametrize("kind", ["CSR", "ACCOUNT_SCREENSHOT", "OWNERSHIP_EMAIL", "RECEIPT"])
async def test_other_proofs_than_an_invoice_are_shown_as_what_they_are(
    door, database, house, kind
):
    request_id = await a_draft(database, house.manager, house.dental)
    await attached(door, house.manager, request_id, a_picture(), kind=kind)
    proof = (await card(door, house.manager, request_id))["latestProof"]
    assert (proof["kind"], proof["contentType"]) == (kind, "image/png")


REFUSED = {
    "SVG named pdf": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "FILE_TYPE_NOT_ALLOWED"),
    "HTML named pdf": (b"<html><script>alert(1)</script>", "FILE_TYPE_NOT_ALLOWED"),
    "encrypted": (an_encrypted_pdf(), "FILE_ENCRYPTED"),
    "script": (
        a_pdf(catalog=b"/OpenAction<</S/JavaScript/JS(x)>>"),
        "FILE_HAS_ACTIVE_CONTENT",
    ),
    "attachments": (a_pdf(catalog=b"/Names<</EmbeddedFiles<<>>>>"), "FILE_HAS_ATTACHMENTS"),
    "archive too": (a_pdf() + a_zip(), "FILE_AMBIGUOUS"),
    "truncated": (a_pdf("Invoice")[:-120], "FILE_UNREADABLE"),
    "bomb": (a_bomb(2**30), "FILE_TOO_COMPLEX"),
    "gigapixels": (a_png_of(50_000, 50_000), "FILE_TOO_COMPLEX"),
}


async def test_each_bad_file_is_refused_with_its_own_code_and_changes_nothing(
    door, database, house
):
    request_id = await a_draft(database, house.manager, house.dental)
    for content, code in REFUSED.values():
        (error,) = (await attach(door, house.manager, request_id, content))["userErrors"]
        assert (error["__typename"], error["code"], error["filename"], error["path"]) == (
            "DocumentError",
            code,
            "invoice.pdf",
            ["input", "uploadId"],
        )
        assert error["message"]
    assert (await card(door, house.manager, request_id))["latestProof"] is None
    assert await types_told(database, request_id) == ["draft_changed"]


@pytest.mark.parametrize("dies", [LimitExceeded, ChildCrashed])
async def test_a_file_that_kills_its_parser_is_refused(
    door, database, house, monkeypatch, dies
):
    await breaking(monkeypatch, INSPECTION, dies)
    request_id = await a_draft(database, house.manager, house.dental)
    (error,) = (await attach(door, house.manager, request_id, a_pdf()))["userErrors"]
    assert error["code"] in {"FILE_TOO_COMPLEX", "FILE_UNREADABLE"}


async def test_a_document_that_cannot_be_drawn_is_taken_without_a_thumbnail(
    door, database, house, monkeypatch
):
    await breaking(monkeypatch, PREVIEW, LimitExceeded)
    request_id = await a_draft(database, house.manager, house.dental)
    await attached(door, house.manager, request_id)
    proof = (await card(door, house.manager, request_id))["latestProof"]
    assert (proof["thumbnailUrl"], proof["pageCount"]) == (None, 1)


async def breaking(monkeypatch, module: str, fault: type[Exception]) -> None:
    run = ChildProcesses.run

    async def fail(children, asked, *given):
        if asked == module:
            raise fault(asked)
        return await run(children, asked, *given)

    monkeypatch.setattr(ChildProcesses, "run", fail)


async def test_the_same_key_at_once_looks_at_the_file_once(door, database, house, monkeypatch):
    request_id = await a_draft(database, house.manager, house.dental)
    upload = await promised(door, house.manager, a_pdf())
    await put(door, upload, a_pdf())
    looked: list[str] = []
    run = ChildProcesses.run

    async def count(children, asked, *given):
        looked.append(asked)
        return await run(children, asked, *given)

    monkeypatch.setattr(ChildProcesses, "run", count)
    given = {"portRequestId": request_id, "uploadId": upload["id"], "kind": "INVOICE"}
    mutation, key = door.mutation("attachDocument"), {"idempotencyKey": "once"}
    answers = await asyncio.gather(
        *(door.ask(house.manager, mutation, input=given | key) for _ in range(30))
    )
    codes = {
        error["extensions"]["code"] for answer in answers for error in answer.get("errors", [])
    }
    assert codes <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert looked.count(INSPECTION) <= 3
    async with database.working() as connection:
        assert await connection.fetchval("SELECT count(*) FROM documents") == 1


async def test_a_picture_is_shown_as_drawn_anew_with_its_own_checksum(
    door, database, house, tmp_path
):
    request_id = await a_draft(database, house.manager, house.dental)
    sent = a_picture("JPEG", comment=b"where I live")
    await attached(door, house.manager, request_id, sent, filename="bill.jpg")
    proof = (await card(door, house.manager, request_id))["latestProof"]
    shown = await door.client.get(proof["url"])
    assert b"where I live" not in shown.content
    assert len(shown.content) == proof["byteSize"]
    small = await door.client.get(proof["thumbnailUrl"])
    assert (small.headers["content-type"], small.content[:4]) == ("image/png", b"\x89PNG")


@pytest.mark.requirement("S62")
async def test_a_file_is_served_so_that_no_browser_runs_or_keeps_it(door, house, request_id):
    proof = (await card(door, house.manager, request_id))["latestProof"]
    for link in (proof["url"], proof["thumbnailUrl"]):
        answer = await door.client.get(link)
        assert answer.status_code == 200
        told = answer.headers
        assert told["content-disposition"].startswith("attachment;")
        assert told["x-content-type-options"] == "nosniff"
        assert told["content-security-policy"] == "sandbox; default-src 'none'"
        assert told["cache-control"] == "private, no-store"
        assert told["referrer-policy"] == "no-referrer"
        assert int(told["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    ("filename", "served"),
    [
        ("invoice.PDF", "invoice.PDF"),
        ("invoice.html", "invoice.html.pdf"),
        ('bill"; x=.exe', "bill%22%3B%20x%3D.exe.pdf"),
        ("Überweisung.pdf", "%C3%9Cberweisung.pdf"),
    ],
)
async def test_a_file_is_named_for_what_it_is(door, database, house, filename, served):
    request_id = await a_draft(database, house.manager, house.dental)
    await attached(door, house.manager, request_id, filename=filename)
    proof = (await card(door, house.manager, request_id))["latestProof"]
    told = (await door.client.get(proof["url"])).headers["content-disposition"]
    assert told == f"attachment; filename*=UTF-8''{served}"


async def test_a_number_list_is_never_served_as_the_type_that_its_sender_said(
    door, database, house
):
    request_id = await a_draft(database, house.manager, house.dental)
    upload = await promised(
        door,
        house.manager,
        CSV,
        purpose="NUMBER_LIST",
        contentType="text/html",
        filename="numbers.html",
    )
    await put(door, upload, CSV)
    payload = await door.act(
        house.manager, "importLines", portRequestId=request_id, uploadId=upload["id"]
    )
    assert payload["userErrors"] == []
    numbers = (await card(door, house.manager, request_id))["numberList"]
    told = (await door.client.get(numbers["url"])).headers
    assert told["content-type"] == "application/octet-stream"
    assert told["content-disposition"].endswith("numbers.html.csv")


async def test_a_link_holds_for_its_document_viewer_part_and_time(door, house, request_id):
    await attached(door, house.manager, request_id, filename="other.pdf")
    answer = await door.see(
        house.manager,
        "query ($id: ID!) { portRequest(id: $id) "
        "{ documents { edges { node { id url thumbnailUrl } } } } }",
        id=request_id,
    )
    first, second = [edge["node"] for edge in answer["portRequest"]["documents"]["edges"]]
    url = first["url"]
    parts = urlsplit(url)
    asked = {key: value for key, (value,) in parse_qs(parts.query).items()}

    def changed(**changes: str) -> str:
        return parts._replace(query=urlencode(asked | changes)).geturl()

    for link in (
        url.replace(first["id"], second["id"]),
        url.replace("/file?", "/thumbnail?"),
        url.replace("/file?", "/else?"),
        changed(expires=str(int(asked["expires"]) + 1)),
        changed(expires="soon"),
        changed(viewer=house.administrator.member_id),
        changed(viewer=house.viewer.member_id),
        changed(viewer="support.WyJhIiwgImIiXQ=="),
        changed(viewer="support.%%%"),
        changed(viewer="support." + "A" * 2_000),
        changed(viewer=""),
        changed(viewer="mem_\0"),
        changed(signature="0" * 64),
        changed(signature="é"),
        parts._replace(query="").geturl(),
        DownloadLinks("http://porting", "1" * 64, "documents").make(
            first["id"], Part.FILE, replace(house.manager, login=house.manager.login)
        ),
    ):
        assert (link, *code_of(await door.client.get(link))) == (link, 403, "LINK_NOT_VALID")
    assert (await door.client.get(url)).status_code == 200
    assert (await door.client.post(url)).status_code == 405


async def test_a_link_ends_after_five_minutes_or_with_the_token(door, house, request_id):
    links, login = door.room.download_links, house.manager.login
    proof = (await card(door, house.manager, request_id))["latestProof"]
    (expires,) = parse_qs(urlsplit(proof["url"]).query)["expires"]
    assert int(expires) <= (now() + timedelta(minutes=5)).timestamp()
    ended = replace(login, expires_at=now() - timedelta(seconds=2))
    old = links.make(proof["id"], Part.FILE, replace(house.manager, login=ended))
    assert code_of(await door.client.get(old)) == (403, "LINK_NOT_VALID")


LOSSES: dict[str, tuple[str, tuple[int, str]]] = {
    "left the account": ("active = false", (403, "LINK_NOT_VALID")),
    "another login": ("login_subject = 'somebody'", (403, "LINK_NOT_VALID")),
    "another account": ("account_id = 'acc_other'", (403, "LINK_NOT_VALID")),
    "another company": ("company_ids = '{}'", (404, "DOCUMENT_NOT_FOUND")),
    "client manager now": ("role = 'CLIENT_MANAGER'", (404, "DOCUMENT_NOT_FOUND")),
}


@pytest.mark.requirement("S48", "S62")
@pytest.mark.parametrize(("change", "answer"), LOSSES.values(), ids=LOSSES)
async def test_who_may_no_longer_see_it_has_lost_the_link(
    door, database, house, change, answer
):
    request_id = await a_draft(database, house.administrator, house.dental)
    await attached(door, house.administrator, request_id)
    viewer = house.manager
    link = (await card(door, viewer, request_id))["latestProof"]["url"]
    assert (await door.client.get(link)).status_code == 200
    async with database.working() as connection:
        await connection.execute(
            f"UPDATE members SET {change} WHERE member_id = $1", viewer.member_id
        )
    assert code_of(await door.client.get(link)) == answer


@pytest.mark.requirement("S48")
async def test_a_link_of_another_account_or_colleague_shows_nothing(
    door, database, house, request_id
):
    other = await found_house(database)
    document = (await card(door, house.manager, request_id))["latestProof"]["id"]
    for stranger in (other.administrator, house.client_manager, house.garage_manager):
        link = door.room.download_links.make(document, Part.FILE, stranger)
        assert code_of(await door.client.get(link)) == (404, "DOCUMENT_NOT_FOUND")
    unknown = door.room.download_links.make("doc_x", Part.FILE, house.manager)
    assert code_of(await door.client.get(unknown)) == (404, "DOCUMENT_NOT_FOUND")


async def test_support_looks_by_a_link_of_its_own(door, house, request_id):
    link = (await card(door, "support", request_id))["latestProof"]["url"]
    assert (await door.client.get(link)).status_code == 200
    named = door.room.download_links.make("doc_x", Part.FILE, SUPPORT)
    assert code_of(await door.client.get(named)) == (404, "DOCUMENT_NOT_FOUND")


async def test_a_file_store_that_is_down_is_said_to_be(door, database, house, monkeypatch):
    request_id = await a_draft(database, house.manager, house.dental)
    await attached(door, house.manager, request_id)
    link = (await card(door, house.manager, request_id))["latestProof"]["url"]
    upload = await promised(door, house.manager, a_pdf())
    await put(door, upload, a_pdf())
    waiting = await promised(door, house.manager, a_pdf())

    for folder in door.files_folder.iterdir():
        folder.rename(folder.with_suffix(".away"))
        folder.write_text("no folder")

    assert code_of(await door.client.get(link)) == (503, "UNAVAILABLE")
    assert code_of(await put(door, waiting, a_pdf())) == (503, "UNAVAILABLE")
    mutation = door.mutation("attachDocument")
    given = {"portRequestId": request_id, "uploadId": upload["id"], "kind": "INVOICE"}
    assert await door.code(house.manager, mutation, input=given) == "UNAVAILABLE"


async def test_a_file_store_that_never_answers_is_given_up(tmp_path, monkeypatch):
    async def hang(*_given):
        await asyncio.sleep(60)

    monkeypatch.setattr("services.porting.integrations.files._PATIENCE_S", 0.05)
    monkeypatch.setattr("services.porting.integrations.files.obstore.get_async", hang)
    with pytest.raises(FilesUnavailable):
        await Files(tmp_path.as_uri()).get("up_1")


async def test_uploads_that_became_nothing_are_swept_after_a_day(
    door, database, house, monkeypatch
):
    monkeypatch.setattr("services.porting.use_cases.uploads._SWEPT_AT_ONCE", 2)
    request_id = await a_draft(database, house.manager, house.dental)
    await attached(door, house.manager, request_id, a_picture())
    kept = await upload_ids(database)
    refused = await promised(door, house.manager, a_bomb(2**20), purpose="DOCUMENT")
    await put(door, refused, a_bomb(2**20))
    await promised(door, house.manager, a_pdf())
    young = await promised(door, house.manager, a_pdf())
    await put(door, young, a_pdf())
    async with database.working() as connection:
        await connection.execute(
            "UPDATE uploads SET expires_at = expires_at - interval '26 hours', "
            "stored_at = stored_at - interval '26 hours' WHERE id <> $1",
            young["id"],
        )

    await sweep_uploads(database, door.room.files)

    assert await upload_ids(database) == {*kept, young["id"]}
    names = {path.name for path in door.files_folder.rglob("*") if path.is_file()}
    (kept_id,) = kept
    assert names == {kept_id, f"{kept_id}.picture", f"{kept_id}.thumbnail", young["id"]}


async def upload_ids(database) -> set[str]:
    async with database.working() as connection:
        return {row["id"] for row in await connection.fetch("SELECT id FROM uploads")}
