"""Number lists as files over HTTP: the template, and what is uploaded."""

import asyncio
import csv
import io
from dataclasses import replace
from typing import Any

import pytest
import xlsxwriter
from starlette.applications import Starlette

from libs.common.child_process import ChildProcesses
from services.porting.domain.documents import Part
from services.porting.list_intake.templates import EXAMPLE
from services.porting.routes.templates import template_routes
from tests.porting.builders import (
    a_draft,
    a_line,
    fill_lines,
    found_house,
    lines_of,
    phone,
    request_of,
)
from tests.porting.test_uploads import uploaded

TEMPLATES = "http://porting/templates/number-list"
FILLED = ["2125550100", "3125550100", "Frühling 🌷", "Flyer", "Dental", "", "N/A", ""]


async def take_in(door, caller, request_id, content: bytes) -> list[dict[str, Any]]:
    upload_id = await uploaded(door, caller, content, "NUMBER_LIST")
    payload = await door.act(
        caller, "importLines", portRequestId=request_id, uploadId=upload_id
    )
    errors: list[dict[str, Any]] = payload["userErrors"]
    return errors


@pytest.mark.requirement("S26", "S39")
async def test_the_downloaded_csv_template_with_a_filled_row_is_taken_in(door, database):
    answer = await door.client.get(f"{TEMPLATES}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    heading, _ = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert "Forwarding number" in heading
    row = io.StringIO()
    csv.writer(row).writerow(FILLED)
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    filled = answer.content + row.getvalue().encode()
    assert await take_in(door, house.administrator, request_id, filled) == []
    (line,) = await lines_of(database, request_id)
    assert (line.tracking_number, line.name) == (phone(100), "Frühling 🌷")


@pytest.mark.requirement("S26", "S39")
async def test_the_xlsx_template_with_a_filled_row_is_taken_in(door, database):
    answer = await door.client.get(f"{TEMPLATES}.xlsx")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert (await door.client.get(f"{TEMPLATES}.xlsx")).content == answer.content
    # A person's spreadsheet saves the template's cells and a row more.
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        heading = (await door.client.get(f"{TEMPLATES}.csv")).content.decode("utf-8-sig")
        for place, cells in enumerate(
            (next(csv.reader(heading.splitlines())), EXAMPLE, FILLED)
        ):
            sheet.write_row(place, 0, cells)
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    assert await take_in(door, house.administrator, request_id, file.getvalue()) == []
    assert len(await lines_of(database, request_id)) == 1
    (error,) = await take_in(door, house.administrator, request_id, answer.content)
    assert error["code"] == "CSV_EMPTY"


async def test_pages_of_known_origins_read_the_template(door):
    app = Starlette(routes=template_routes(ChildProcesses(), ["https://app.example"]))
    door.client._transport.app = app
    for origin, allowed in (("https://app.example", True), ("https://evil.example", False)):
        answer = await door.client.get(f"{TEMPLATES}.csv", headers={"origin": origin})
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
    assert (await door.client.post(f"{TEMPLATES}.csv")).status_code == 405


@pytest.mark.requirement("S44")
async def test_a_refused_workbook_changes_nothing(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    line = a_line(house.dental, phone(100))
    await fill_lines(database, house.administrator, request_id, [line])
    before = await lines_of(database, request_id), await request_of(database, request_id)
    (error,) = await take_in(door, house.administrator, request_id, b"PK\x03\x04" + bytes(99))
    assert (error["__typename"], error["code"]) == ("CsvRowError", "CSV_UNREADABLE")
    after = await lines_of(database, request_id), await request_of(database, request_id)
    assert after == before


async def test_the_same_key_a_hundred_times_at_once_takes_a_list_in_once(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    content = (await door.client.get(f"{TEMPLATES}.csv")).content + ",".join(FILLED).encode()
    upload_id = await uploaded(door, house.administrator, content, "NUMBER_LIST")
    given = {"portRequestId": request_id, "uploadId": upload_id, "idempotencyKey": "once"}
    query = door.mutation("importLines")
    answers = await asyncio.gather(
        *(door.ask(house.administrator, query, input=given) for _ in range(100))
    )
    done = [answer["data"]["importLines"] for answer in answers if "errors" not in answer]
    codes = {
        error["extensions"]["code"] for answer in answers for error in answer.get("errors", [])
    }
    assert codes <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert done[0]["userErrors"] == []
    assert all(payload == done[0] for payload in done)
    assert len(await lines_of(database, request_id)) == 1
    assert (await request_of(database, request_id)).version == 2


async def link_to(door, caller, request_id) -> str:
    query = "query($id: ID!) { portRequest(id: $id) { linesCsvUrl } }"
    answer = await door.see(caller, query, id=request_id)
    link: str = answer["portRequest"]["linesCsvUrl"]
    return link


@pytest.mark.requirement("S62")
async def test_an_exported_list_is_taken_in_again_unchanged(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    added = [
        a_line(house.dental, phone(100), name="=1+1", source="'@x", account_number="007"),
        a_line(house.garage, phone(101), name='a "b", c\nd', billing_number=phone(177)),
    ]
    await fill_lines(database, house.administrator, request_id, added)
    before = await lines_of(database, request_id)
    answer = await door.client.get(await link_to(door, house.administrator, request_id))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert await take_in(door, house.administrator, request_id, answer.content) == []
    after = await lines_of(database, request_id)
    assert [replace(line, id="") for line in after] == [
        replace(line, id="") for line in before
    ]


async def test_a_link_to_a_list_holds_for_its_viewer_and_request(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.manager, house.dental)
    other_id = await a_draft(database, house.administrator, house.garage)
    line = a_line(house.dental, phone(100))
    await fill_lines(database, house.manager, request_id, [line])
    link = await link_to(door, house.manager, request_id)
    assert (await door.client.get(link)).status_code == 200
    supports = await link_to(door, "support", request_id)
    assert (await door.client.get(supports)).status_code == 200
    for wrong in (
        link.replace(request_id, other_id),
        link.replace("/numbers?", "/file?"),
        link.replace(house.manager.member_id, house.administrator.member_id),
        link.replace("signature=", "signature=0"),
    ):
        assert (await door.client.get(wrong)).status_code == 403
    stranger = door.room.download_links.make(request_id, Part.NUMBERS, house.garage_manager)
    assert (await door.client.get(stranger)).status_code == 404
    # Who has lost their membership since then has lost the link.
    async with database.working() as connection:
        await connection.execute(
            "UPDATE members SET active = false WHERE member_id = $1", house.manager.member_id
        )
    assert (await door.client.get(link)).status_code == 403
