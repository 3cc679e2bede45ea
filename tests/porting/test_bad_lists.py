"""Number lists made to do harm, and strings that break programs, in every field of a line."""

import csv
import io
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import asyncpg
import pytest

from libs.common.child_process import ChildProcesses
from libs.common.formulas import without_mark
from services.porting.domain.line_rules import UNSEEN
from services.porting.list_intake.number_lists import ReadRow, Rules, read_number_list
from services.porting.list_intake.workbooks import read_workbook
from services.porting.use_cases.exporting import export_lines
from tests.naughty import NAUGHTY
from tests.porting.builders import (
    OUTSIDE,
    SUPPORT,
    a_draft,
    a_full_draft,
    a_line,
    fill_lines,
    found_house,
    lines_of,
    phone,
    submit,
    told,
)
from tests.porting.test_number_list_files import take_in
from tests.porting.test_uploads import uploaded
from tests.porting.test_workbooks import a_workbook

HEADING = "tracking_number,forwarding_number,name,source,company"
RULES = Rules(most_rows=50_000, allow_fictional=True, companies={"dental": "co_1"})


def a_list(*rows: Sequence[str], encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows((HEADING.split(","), *rows))
    return text.getvalue().encode(encoding)


def read(content: bytes) -> tuple[Sequence[ReadRow], set[str]]:
    reading = read_number_list(content, RULES)
    return reading.rows, {fault.code for fault in reading.faults.tell()}


NAMED = [
    [phone(100 + place), OUTSIDE, text, text, "Dental"] for place, text in enumerate(NAUGHTY)
]


@pytest.mark.requirement("S43")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "utf-16"])
async def test_naughty_names_arrive_unchanged_and_leave_unchanged(door, database, encoding):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    content = a_list(*NAMED, encoding=encoding)
    errors = await take_in(door, house.administrator, request_id, content)
    assert errors == []
    lines = await lines_of(database, request_id)
    # An apostrophe before a formula says that it is text: it is no part of the text.
    expected = [without_mark(text.strip(UNSEEN)) for text in NAUGHTY]
    assert [line.name for line in lines] == expected
    assert [line.source for line in lines] == expected

    exported = await exported_by(database, house.administrator, request_id)
    other_id = await a_draft(database, house.administrator, house.dental)
    assert await take_in(door, house.administrator, other_id, exported) == []
    again = await lines_of(database, other_id)
    assert [(line.tracking_number, line.name, line.source) for line in again] == [
        (line.tracking_number, line.name, line.source) for line in lines
    ]


async def exported_by(database, caller, request_id) -> bytes:
    parts = await export_lines(database, caller, request_id)
    assert parts is not None
    return b"".join([part async for part in parts])


async def test_no_exported_text_begins_a_formula_for_another_reader_either(database, servers):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    added = [
        a_line(house.dental, phone(100 + place), name=text, source=text, account_number=text)
        for place, text in enumerate(NAUGHTY)
    ]
    await fill_lines(database, house.administrator, request_id, added)
    exported = await exported_by(database, house.administrator, request_id)
    rows = await read_by_postgres(servers, exported.removeprefix(b"\xef\xbb\xbf"))
    assert len(rows) == len(NAUGHTY)
    for row in rows:
        numbers, texts = row[:2], row[2:6]
        assert all(number[0] == "+" and number[1:].isdecimal() for number in numbers)
        assert not any(text[:1] in set("=+-@\t\r\uff1d\uff0b\uff0d\uff20") for text in texts)


async def read_by_postgres(servers, content: bytes) -> list[tuple[str, ...]]:
    """It reads CSV by rules of its own."""
    connection = await asyncpg.connect(servers.postgres_url)
    columns = ", ".join(f"c{place} text" for place in range(7))
    await connection.execute(f"CREATE TEMP TABLE cells ({columns})")
    await connection.copy_to_table(
        "cells", source=io.BytesIO(content), format="csv", header=True, null="\\never"
    )
    rows = await connection.fetch("SELECT * FROM cells")
    await connection.close()
    return [tuple(row) for row in rows]


async def test_an_export_shows_what_the_caller_may_see(database):
    house, other = await found_house(database), await found_house(database)
    request_id = await a_draft(database, house.manager, house.dental)
    added = [a_line(house.dental, phone(100)), a_line(house.garage, phone(101))]
    await fill_lines(database, house.administrator, request_id, added)
    for caller, lines in ((house.administrator, 2), (house.manager, 1), (SUPPORT, 2)):
        exported = await exported_by(database, caller, request_id)
        assert len(exported.splitlines()) == 1 + lines
    for stranger in (house.client_manager, house.garage_manager, other.administrator):
        assert await export_lines(database, stranger, request_id) is None


@pytest.mark.parametrize("field", ["name", "source", "accountNumber"])
async def test_naughty_texts_of_a_single_line_are_kept_as_they_are(door, database, field):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    given = {
        "forwardingNumber": OUTSIDE,
        "name": "a",
        "source": "b",
        "companyId": house.dental,
    }
    for place, text in enumerate(NAUGHTY):
        given |= {"portRequestId": request_id, "phoneNumber": phone(100 + place), field: text}
        payload = await door.act(house.administrator, "addLine", **given)
        assert payload["userErrors"] == [] or text == "1E2", text
    lines = await lines_of(database, request_id)
    kept = {"name": "name", "source": "source", "accountNumber": "account_number"}[field]
    texts = [text for text in NAUGHTY if not (field == "accountNumber" and text == "1E2")]
    assert [getattr(line, kept) for line in lines] == [text.strip(UNSEEN) for text in texts]


async def test_naughty_texts_where_a_number_company_or_line_belongs_are_refused(
    door, database
):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    for text in (*NAUGHTY, "\0", "a\0b"):
        payload = await door.act(
            house.administrator, "addLine", portRequestId=request_id, phoneNumber=text,
            forwardingNumber=text, name="a", source="b", companyId=text, billingNumber=text,
        )  # fmt: skip
        fields = {error["path"][1] for error in payload["userErrors"]}
        assert fields == {"phoneNumber", "forwardingNumber", "companyId", "billingNumber"}
        payload = await door.act(
            house.administrator, "correctLine", portRequestId=request_id,
            lineId=text.replace("\0", ""), name="a",
        )  # fmt: skip
        assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]
    assert await lines_of(database, request_id) == []


async def test_what_no_text_has_is_refused_and_no_fault(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    given = {"forwardingNumber": OUTSIDE, "source": "b", "companyId": house.dental}
    payload = await door.act(
        house.administrator, "addLine", portRequestId=request_id, phoneNumber=phone(100),
        name="a\0b", **given,
    )  # fmt: skip
    (error,) = payload["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "name"])


async def test_naughty_names_travel_in_events(database):
    house = await found_house(database)
    added = [
        a_line(house.dental, phone(100 + place), name=text)
        for place, text in enumerate(NAUGHTY)
    ]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    (ready,) = [event for event in await told(database, request_id) if "readied" in event.type]
    assert [line.name for line in ready.fact.lines] == list(NAUGHTY)


GOOD = [phone(100), OUTSIDE, "a", "b", "Dental"]
HARMFUL = {
    "20 MB in one cell": a_list([*GOOD[:2], "x" * 20_000_000, *GOOD[3:]]),
    "20 MB in one line": HEADING.encode() + b"\n" + b"x" * 20_000_000,
    "20 MB in the heading": b"x" * 20_000_000,
    "ten million cells": HEADING.encode() + b"\n" + b"," * 10_000_000,
    "ten million columns": b"," * 10_000_000,
    "ten million empty lines": HEADING.encode() + b"\n" * 10_000_000,
    "quotes without end": HEADING.encode() + b'\n"' + b'""' * 5_000_000,
    "a quote in every line": HEADING.encode() + b'\n"x' * 1_000_000,
    "NUL": a_list(["a\0b", *GOOD[1:]]),
    "NUL in UTF-16": a_list(["a\0b", *GOOD[1:]], encoding="utf-16"),
    "UTF-7": "+ACI-,\n+ADw-script+AD4-".encode("ascii"),
    "UTF-32": a_list(GOOD, encoding="utf-32"),
    "UTF-16 without a mark": a_list(GOOD, encoding="utf-16-le"),
    "half a character": a_list(GOOD)[:-2] + b"\xe2\x82",
    "two encodings": a_list(GOOD) + "naïve".encode("latin-1"),
    "lone surrogates": b"\xff\xfe" + b"\x00\xd8" * 100,
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "nothing": b"",
    "only a mark": b"\xef\xbb\xbf",
    "duplicate headings": (HEADING + "," + HEADING).encode() + b"\n",
    "a million duplicate headings": b",".join([b"name"] * 1_000_000),
}


@pytest.mark.parametrize("harm", HARMFUL)
def test_a_harmful_file_is_refused_soon(harm):
    begun = time.process_time()
    rows, codes = read(HARMFUL[harm])
    assert codes <= {
        "CSV_UNREADABLE", "CSV_COLUMN_MISSING", "CSV_COLUMN_UNKNOWN", "CSV_EMPTY",
        "CSV_VALUE_MISSING", "MORE_FAULTS", "TOO_LONG", "INVALID_PHONE_NUMBER",
        "UNKNOWN_COMPANY",
    }  # fmt: skip
    assert codes
    assert not [row for row in rows if row.line]
    # A limit that only what grows without bound can reach.
    assert time.process_time() - begun < 20


def test_fifty_thousand_rows_of_faults_are_counted():
    content = a_list(*(["x", "y", "", "", "Nobody"] for _ in range(50_000)))
    faults = read_number_list(content, RULES).faults
    assert faults.count == 250_000
    assert len(faults.tell()) == 1_001


async def test_naughty_cells_of_a_workbook_are_read_or_refused():
    text = await read_workbook(ChildProcesses(), a_workbook(*NAMED))
    rows, _ = read(text)
    assert len(rows) == len(NAUGHTY)


async def test_a_files_name_leads_nowhere(door, database):
    house = await found_house(database)
    for name in NAUGHTY:
        payload = await door.act(
            house.administrator, "createUpload", purpose="NUMBER_LIST", filename=name,
            contentType="text/csv", byteSize=1, sha256="0" * 64,
        )  # fmt: skip
        if set(name) & set("/\\\n\r\t"):
            assert payload["userErrors"], name
        if not payload["userErrors"]:
            path = urlsplit(payload["upload"]["url"]).path
            assert path == f"/uploads/{payload['upload']['id']}"


async def test_a_list_of_another_kind_than_its_name_says_is_known_by_its_content(
    door, database
):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    upload_id = await uploaded(door, house.administrator, a_workbook(GOOD), "NUMBER_LIST")
    payload = await door.act(
        house.administrator, "importLines", portRequestId=request_id, uploadId=upload_id
    )
    assert payload["userErrors"] == []
    assert len(await lines_of(database, request_id)) == 1
