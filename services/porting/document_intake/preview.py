"""In a child process: a PDF's text, and a small picture of its first page."""

import time
from collections.abc import Iterator
from typing import Final

import pypdfium2

from services.porting.document_intake.findings import Preview, write_preview
from services.porting.document_intake.pictures import make_thumbnail

_THUMBNAIL_PIXELS: Final = 320
_MOST_PAGES: Final = 200
_MOST_CHARACTERS: Final = 1_000_000
_TEXT_S: Final = 3.0


def work(content: bytes) -> bytes:
    """Of a PDF that was inspected."""
    pdf = pypdfium2.PdfDocument(content)
    text = "\n".join(_texts_of(pdf)).replace("\0", "")
    page = pdf[0]
    scale = _THUMBNAIL_PIXELS / max(1.0, *page.get_size())
    thumbnail = make_thumbnail(page.render(scale=scale).to_pil())
    return write_preview(Preview(text=text[:_MOST_CHARACTERS], thumbnail=thumbnail))


def _texts_of(pdf: pypdfium2.PdfDocument) -> Iterator[str]:
    """Of as many pages as there is time for."""
    until, room = time.process_time() + _TEXT_S, _MOST_CHARACTERS
    for place in range(min(len(pdf), _MOST_PAGES)):
        if room <= 0 or time.process_time() > until:
            return
        text = pdf[place].get_textpage().get_text_range()
        room -= len(text)
        yield text
