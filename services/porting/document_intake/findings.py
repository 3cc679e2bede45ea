"""What a child process finds in a file, and how it says so: the parsers themselves stay there."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import filetype

INSPECTION: Final = "services.porting.document_intake.inspection"
PREVIEW: Final = "services.porting.document_intake.preview"

PDF: Final = "application/pdf"
# By content type, what the library of pictures calls it.
PICTURES: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/tiff": "TIFF"}
_ENOUGH_TO_GUESS: Final = 8_192


class FileFault(StrEnum):
    """Why a file is refused, beside being of another type."""

    UNREADABLE = "UNREADABLE"
    ENCRYPTED = "ENCRYPTED"
    ACTIVE_CONTENT = "ACTIVE_CONTENT"
    ATTACHMENTS = "ATTACHMENTS"
    AMBIGUOUS = "AMBIGUOUS"
    TOO_COMPLEX = "TOO_COMPLEX"


class FileFaulty(Exception):
    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """`file` is the picture drawn anew, with nothing but its pixels; a PDF stays as it is."""

    fault: FileFault | None = None
    page_count: int = 0
    file: bytes = b""
    thumbnail: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """Of a PDF; a scan has no text."""

    text: str = ""
    thumbnail: bytes = b""


def content_type_of(content: bytes) -> str | None:
    """What the first bytes say that it is; None for anything that is no document."""
    guess: str | None = filetype.guess_mime(content[:_ENOUGH_TO_GUESS])
    return guess if guess == PDF or guess in PICTURES else None


def write_inspection(found: Inspection) -> bytes:
    head = [found.fault, found.page_count, len(found.file)]
    return json.dumps(head).encode() + b"\n" + found.file + found.thumbnail


def read_inspection(answer: bytes) -> Inspection:
    head, _, parts = answer.partition(b"\n")
    fault, page_count, size = json.loads(head)
    return Inspection(
        fault=FileFault(fault) if fault else None,
        page_count=int(page_count),
        file=parts[: int(size)],
        thumbnail=parts[int(size) :],
    )


def write_preview(found: Preview) -> bytes:
    text = found.text.encode(errors="replace")
    return json.dumps(len(text)).encode() + b"\n" + text + found.thumbnail


def read_preview(answer: bytes) -> Preview:
    head, _, parts = answer.partition(b"\n")
    size = int(json.loads(head))
    return Preview(text=parts[:size].decode(), thumbnail=parts[size:])
