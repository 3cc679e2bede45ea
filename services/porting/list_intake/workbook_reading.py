"""Runs in a child process: the first sheet of an XLSX file as CSV in UTF-8."""

import csv
import io
import zipfile
from datetime import date, datetime, time
from typing import Final

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

_MOST_PARTS: Final = 2_000
_MOST_UNPACKED: Final = 160 * 1024 * 1024
_MOST_CELLS: Final = 2_000_000
# Beyond it a spreadsheet has lost the last digits of what was written.
_EXACT: Final = 10**15
# 1.80555E+10 that was opened and saved again: ten digits or more, the last five lost.
_LONG: Final = 10**9
_LOST: Final = 10**5


def work(content: bytes) -> bytes:
    _refuse_bomb(content)
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    name = next(
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
    )
    sheet = workbook.get_sheet_by_name(name)
    if sheet.total_height * sheet.total_width > _MOST_CELLS:
        raise MemoryError
    text = io.StringIO(newline="")
    csv.writer(text).writerows(
        map(_write, row) for row in sheet.to_python(skip_empty_area=False)
    )
    return text.getvalue().encode()


def _refuse_bomb(content: bytes) -> None:
    """By what the archive says of itself; where it lies, the limits of this process hold."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise MemoryError


def _write(value: object) -> str:
    match value:
        case bool():
            return str(value).upper()
        case float() | int():
            return _write_number(value)
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _write_number(value: float) -> str:
    """Damaged ones in the form that is refused with a hint, as from CSV."""
    if not float(value).is_integer():
        return repr(value)
    whole = int(value)
    is_damaged = abs(whole) >= _EXACT or (whole >= _LONG and whole % _LOST == 0)
    return f"{whole:.5E}" if is_damaged else str(whole)
