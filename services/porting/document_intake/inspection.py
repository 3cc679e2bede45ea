"""In a child process: whether a file is wholly what its first bytes say, and harmless."""

from services.porting.document_intake.findings import (
    PDF,
    PICTURES,
    FileFault,
    FileFaulty,
    Inspection,
    content_type_of,
    write_inspection,
)
from services.porting.document_intake.pdfs import inspect_pdf
from services.porting.document_intake.pictures import draw_anew

_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES = 22
_LONGEST_ZIP_COMMENT = 65_535
# As far as browsers look to guess a type.
_SNIFFED = 2_048
_MARKUP = (b"<html", b"<!doctype html", b"<script", b"<svg", b"<iframe", b"<body")


def work(content: bytes) -> bytes:
    """Of a file whose type is one of ours."""
    try:
        return write_inspection(_inspect(content))
    except FileFaulty as faulty:
        return write_inspection(Inspection(fault=faulty.fault))


def _inspect(content: bytes) -> Inspection:
    _demand_one_meaning(content)
    content_type = content_type_of(content)
    if content_type == PDF:
        return Inspection(page_count=inspect_pdf(content))
    return draw_anew(content, PICTURES[content_type or ""])


def _demand_one_meaning(content: bytes) -> None:
    """No page or archive besides: a file must not be one thing to us and another elsewhere."""
    if any(markup in content[:_SNIFFED].lower() for markup in _MARKUP):
        raise FileFaulty(FileFault.AMBIGUOUS)
    # Readers of archives begin at the end.
    if _ZIP_END in content[-_ZIP_END_BYTES - _LONGEST_ZIP_COMMENT :]:
        raise FileFaulty(FileFault.AMBIGUOUS)
