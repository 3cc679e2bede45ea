"""Number lists as XLSX: read in a child process, whatever the file does there."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
import xlsxwriter

from libs.common.child_process import ChildProcesses
from services.porting.domain.line_rules import LineTexts
from services.porting.list_intake.number_lists import ReadRow, Rules, read_number_list
from services.porting.list_intake.tables import Unreadable
from services.porting.list_intake.templates import EXAMPLE, HEADINGS
from services.porting.list_intake.workbooks import is_workbook, read_workbook, write_template
from tests.porting.builders import phone

HEADING = LineTexts._fields
GOOD = ("2125550100", "3125550100", "Frühling 🌷", "Flyer", "Dental")
RULES = Rules(most_rows=10, allow_fictional=True, companies={"dental": "co_1"})


def a_workbook(*rows: Sequence[Any], heading: Sequence[str] = HEADING) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "d"}) as book:
        sheet = book.add_worksheet()
        for place, cells in enumerate((heading, *rows)):
            sheet.write_row(place, 0, cells)
    return file.getvalue()


async def read(content: bytes) -> tuple[Sequence[ReadRow], list[tuple[int, Any, str]]]:
    assert is_workbook(content)
    reading = read_number_list(await read_workbook(ChildProcesses(), content), RULES)
    faults = [(fault.row, fault.column, fault.code) for fault in reading.faults.tell()]
    return reading.rows, faults


async def test_a_workbook_is_read_like_a_csv_file():
    rows, faults = await read(a_workbook(GOOD, (), ["x", *GOOD[1:]]))
    assert faults == [(4, "tracking_number", "INVALID_PHONE_NUMBER")]
    first = rows[0]
    assert first.number == 2
    assert first.line is not None
    assert (first.line.tracking_number, first.line.name) == (phone(100), "Frühling 🌷")


async def test_numbers_that_a_spreadsheet_keeps_as_numbers_are_read():
    rows, faults = await read(
        a_workbook((12125550100.0, 3125550100, 7, 0.5, "Dental", 1234, None, 2125550177))
    )
    assert faults == []
    line = rows[0].line
    assert line is not None
    assert (line.tracking_number, line.forwarding_number) == (phone(100), "+13125550100")
    assert (line.name, line.source) == ("7", "0.5")
    assert (line.account_number, line.billing_number) == ("1234", phone(177))


async def test_what_a_spreadsheet_has_damaged_is_refused():
    _, faults = await read(
        a_workbook(
            (18055500000, *GOOD[1:]),
            ("1.80555E+10", *GOOD[1:]),
            (1.5, *GOOD[1:]),
            (date(2026, 5, 1), *GOOD[1:]),
            (True, *GOOD[1:]),
            (*GOOD, 1234567890123456789),
        )
    )
    assert faults == [
        (2, "tracking_number", "CSV_SCIENTIFIC_NUMBER"),
        (3, "tracking_number", "CSV_SCIENTIFIC_NUMBER"),
        (4, "tracking_number", "INVALID_PHONE_NUMBER"),
        (5, "tracking_number", "INVALID_PHONE_NUMBER"),
        (6, "tracking_number", "INVALID_PHONE_NUMBER"),
        (7, "account_number", "CSV_SCIENTIFIC_NUMBER"),
    ]


async def test_of_a_formula_its_result_is_read():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADING)
        sheet.write_row(1, 0, GOOD)
        sheet.write_formula(1, 0, '="+1"&"2125550100"', None, "+12125550100")
        sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    rows, faults = await read(file.getvalue())
    assert rows[0].tracking_number == phone(100)
    assert faults == [(2, "name", "CSV_VALUE_MISSING")]


async def test_the_first_sheet_that_is_seen_is_read():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet("Old").hide()
        sheet = book.add_worksheet("Numbers")
        sheet.activate()
        sheet.set_first_sheet()
        sheet.write_row(0, 0, HEADING)
        sheet.write_row(1, 0, GOOD)
        book.add_worksheet("Notes").write(0, 0, "x")
    rows, faults = await read(file.getvalue())
    assert (len(rows), faults) == (1, [])


async def test_the_template_is_text_and_passes_over_its_example():
    content = await write_template(ChildProcesses())
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert b'numFmtId="49"' in parts.read("xl/styles.xml")
    text = (await read_workbook(ChildProcesses(), content)).decode()
    assert text.splitlines()[0] == ",".join(HEADINGS)
    _, faults = await read(content)
    assert faults == [(1, None, "CSV_EMPTY")]
    _, faults = await read(a_workbook(EXAMPLE, GOOD, heading=HEADINGS))
    assert faults == []


def a_bomb(part: str, content: bytes, *, times: int) -> bytes:
    """A workbook one part of which is `content` many times over."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(a_workbook(GOOD))) as good,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in good.namelist():
            if name != part:
                bomb.writestr(name, good.read(name))
        with bomb.open(part, "w", force_zip64=True) as member:
            for _ in range(times):
                member.write(content)
    return packed.getvalue()


def that_lies(bomb: bytes, part: str) -> bytes:
    """Its directory says that the part has one byte."""
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        size = archive.getinfo(part).file_size
    return bomb.replace(size.to_bytes(4, "little"), (1).to_bytes(4, "little"))


async def sentence_for(content: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        await read_workbook(ChildProcesses(), content)
    return refused.value.fault.message


STRINGS = "xl/sharedStrings.xml"
SHEET = "xl/worksheets/sheet1.xml"


async def test_a_workbook_that_unpacks_to_a_gigabyte_is_refused():
    bomb = a_bomb(STRINGS, b"<si><t>" + b"x" * (1 << 20) + b"</t></si>", times=1_000)
    assert len(bomb) < 2 << 20
    assert "too large" in await sentence_for(bomb)
    await sentence_for(that_lies(bomb, STRINGS))


async def test_a_workbook_with_one_cell_at_the_far_end_is_refused():
    far = b'<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
    far += b'<c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    await sentence_for(a_bomb(SHEET, far, times=1))


async def test_a_workbook_with_endless_parts_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as many:
        for place in range(5_000):
            many.writestr(f"{place}", b"")
    assert "too large" in await sentence_for(packed.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"PK\x03\x04" + bytes(1_000),
        a_workbook(GOOD)[:-40],
        a_bomb("xl/workbook.xml", b"<workbook>", times=1),
        a_bomb(SHEET, b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>', times=1),
    ],
    ids=["no more than a mark", "zeros", "cut short", "without sheets", "with entities"],
)
async def test_a_broken_workbook_is_refused(content):
    try:
        text = await read_workbook(ChildProcesses(), content)
    except Unreadable as unreadable:
        assert unreadable.fault.code == "CSV_UNREADABLE"  # noqa: PT017 - either answer is one
    else:
        assert read_number_list(text, RULES).faults.count
