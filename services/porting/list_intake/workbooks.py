"""XLSX: read and written in a child process, between CSV there and CSV here."""

from typing import Final

from libs.common.child_process import ChildFailed, ChildProcesses, LimitExceeded, Limits
from libs.contracts.refusals import UserErrorCode
from services.porting.list_intake.tables import Unreadable

_READING: Final = f"{__package__}.workbook_reading"
_WRITING: Final = f"{__package__}.workbook_writing"
_ZIP: Final = b"PK\x03\x04"
_LIMITS: Final = Limits(memory_bytes=640 * 1024 * 1024, cpu_s=15, wall_s=20)


def is_workbook(content: bytes) -> bool:
    """By its first bytes, whatever its name: no text begins like this."""
    return content.startswith(_ZIP)


async def read_workbook(children: ChildProcesses, content: bytes) -> bytes:
    """Its first sheet as CSV, row for row. Raises `Unreadable`."""
    try:
        return await children.run(_READING, content, _LIMITS)
    except LimitExceeded as failed:
        raise Unreadable(
            UserErrorCode.CSV_UNREADABLE,
            "The workbook is too large when unpacked: save its one sheet as CSV in UTF-8.",
            row=1,
        ) from failed
    except ChildFailed as failed:
        raise Unreadable(
            UserErrorCode.CSV_UNREADABLE,
            "The workbook cannot be read: save it again as XLSX, or as CSV in UTF-8.",
            row=1,
        ) from failed


async def write_template(children: ChildProcesses) -> bytes:
    return await children.run(_WRITING, b"", _LIMITS)
