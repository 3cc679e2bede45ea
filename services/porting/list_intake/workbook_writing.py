"""Runs in a child process: the template as an XLSX file whose columns are text."""

import io
from typing import Final

import xlsxwriter

from services.porting.list_intake.templates import EXAMPLE, HEADINGS

_WIDTH: Final = 24
_TEXT: Final = 49


def work(_content: bytes) -> bytes:
    file = io.BytesIO()
    workbook = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_numbers": False})
    sheet = workbook.add_worksheet("Numbers")
    # Otherwise a spreadsheet rounds long numbers and drops leading zeros.
    as_text = workbook.add_format({"num_format": _TEXT})
    sheet.set_column(0, len(HEADINGS) - 1, _WIDTH, as_text)
    for row, cells in enumerate((HEADINGS, EXAMPLE)):
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell, as_text)
    sheet.freeze_panes(1, 0)
    workbook.close()
    return file.getvalue()
