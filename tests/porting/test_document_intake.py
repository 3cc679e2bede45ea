"""What is taken for a document, in the child process that looks at it."""

import io
import json
import subprocess
import sys
import time

import pytest
from PIL import Image

from libs.common.child_process import ChildProcesses
from services.porting.document_intake import inspection, preview
from services.porting.document_intake.findings import (
    INSPECTION,
    FileFault,
    Inspection,
    Preview,
    content_type_of,
    read_inspection,
    read_preview,
)
from services.porting.use_cases.document_files import INSPECTION_LIMITS
from tests.porting.files import (
    a_bomb,
    a_compressed_pdf,
    a_fax,
    a_pdf,
    a_picture,
    a_png_of,
    a_stream,
    a_zip,
    an_encrypted_pdf,
)

JAVASCRIPT = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"


def inspect(content: bytes) -> Inspection:
    """Here, where nothing is expected to break."""
    return read_inspection(inspection.work(content))


async def inspect_apart(content: bytes) -> Inspection:
    answer = await ChildProcesses().run(INSPECTION, content, INSPECTION_LIMITS)
    return read_inspection(answer)


def look(content: bytes) -> Preview:
    return read_preview(preview.work(content))


def open_picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.requirement("S29", "S30")
def test_an_invoice_is_taken_with_or_without_text():
    for content in (a_pdf("Invoice"), a_pdf(), a_compressed_pdf(a_pdf("Invoice"))):
        assert content_type_of(content) == "application/pdf"
        assert inspect(content) == Inspection(page_count=1)


ACTIVE_PDFS = {
    "open action": a_pdf(catalog=b"/OpenAction" + JAVASCRIPT),
    "open action elsewhere": a_pdf(catalog=b"/OpenAction 6 0 R", more=[JAVASCRIPT]),
    "opens a page of the web": a_pdf(catalog=b"/OpenAction<</S/URI/URI(http://x.example)>>"),
    "name in disguise": a_pdf(catalog=b"/OpenAction<</S/J#61vaScript/#4aS(x)>>"),
    "name tree": a_pdf(catalog=b"/Names<</JavaScript<</Names[(a)6 0 R]>>>>", more=[b"<<>>"]),
    "deep in arrays": a_pdf(page=b"/Annots[<</Subtype/Widget/Kids[[<</A" + JAVASCRIPT + b">>]]>>]"),
    "beside a stream": a_pdf(more=[a_stream(b"x", b"/Next" + JAVASCRIPT)]),
    "unused object": a_pdf(more=[JAVASCRIPT]),
    "object stream": a_compressed_pdf(a_pdf(catalog=b"/OpenAction" + JAVASCRIPT)),
    "page opened": a_pdf(page=b"/AA<</O<</S/Named/N/NextPage>>>>"),
    "program": a_pdf(page=b"/Annots[<</Subtype/Link/A<</S/Launch/F(cmd.exe)>>>>]"),
    "form sent": a_pdf(page=b"/Annots[<</Subtype/Link/A<</S/SubmitForm/F(http://x)>>>>]"),
    "XFA": a_pdf(catalog=b"/AcroForm<</XFA 6 0 R>>", more=[a_stream(b"<xdp/>")]),
}  # fmt: skip


@pytest.mark.parametrize("content", ACTIVE_PDFS.values(), ids=ACTIVE_PDFS)
def test_a_pdf_that_acts_by_itself_is_refused(content):
    assert (inspect(content)).fault is FileFault.ACTIVE_CONTENT


@pytest.mark.parametrize(
    "content",
    [
        a_pdf(more=[a_stream(b"MZ", b"/Type/EmbeddedFile")]),
        a_pdf(catalog=b"/Names<</EmbeddedFiles<</Names[]>>>>"),
        a_pdf(page=b"/Annots[<</Subtype/FileAttachment/FS<</EF<</F 4 0 R>>>>>>]"),
        a_pdf(page=b"/Annots[<</Subtype/RichMedia>>]"),
    ],
)
def test_a_pdf_that_carries_files_is_refused(content):
    assert (inspect(content)).fault is FileFault.ATTACHMENTS


def test_links_and_the_page_shown_first_do_no_harm():
    link = b"/Annots[<</Subtype/Link/A<</S/URI/URI(https://old.example/bill)>>>>]"
    for content in (
        a_pdf("Invoice", page=link),
        a_pdf(catalog=b"/OpenAction[3 0 R/Fit]"),
        a_pdf(catalog=b"/OpenAction<</S/GoTo/D[3 0 R/Fit]>>"),
    ):
        assert (inspect(content)).fault is None


@pytest.mark.parametrize("password", ["", "secret"])
def test_an_encrypted_pdf_is_refused(password):
    assert (inspect(an_encrypted_pdf(password))).fault is FileFault.ENCRYPTED


async def test_a_pdf_that_inflates_to_a_gigabyte_is_refused_in_time():
    bomb = a_bomb(2**30)
    assert len(bomb) < 2 * 2**20
    started = time.monotonic()
    assert (await inspect_apart(bomb)).fault is FileFault.TOO_COMPLEX
    assert time.monotonic() - started < 8


def test_a_bomb_within_a_bomb_is_refused():
    twice = a_pdf(more=[a_stream(b"x", b"/Filter[/FlateDecode/FlateDecode]")])
    assert (inspect(twice)).fault is FileFault.TOO_COMPLEX


def test_a_picture_of_gigapixels_within_a_pdf_is_refused():
    entries = b"/Subtype/Image/Width 50000/Height 50000/Filter/DCTDecode"
    assert (inspect(a_pdf(more=[a_stream(b"x", entries)]))).fault is FileFault.TOO_COMPLEX


def test_a_pdf_of_too_many_pages_is_refused():
    kids = b"[" + b"3 0 R " * 501 + b"]"
    content = a_pdf().replace(b"[3 0 R]/Count 1", kids + b"/Count 501")
    assert (inspect(content)).fault in {FileFault.TOO_COMPLEX, FileFault.UNREADABLE}


def test_a_truncated_or_damaged_file_is_refused():
    pdf, picture = a_pdf("Invoice"), a_picture("JPEG", size=(400, 300))
    for content in (
        pdf[: len(pdf) // 2],
        pdf[:20],
        pdf.replace(b"startxref", b"startxrex"),
        picture[: len(picture) // 2],
        a_picture("PNG")[:60],
        a_fax(2)[:100],
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"II*\x00\x08\x00\x00\x00" + bytes(8),
    ):
        assert (inspect(content)).fault is FileFault.UNREADABLE


POLYGLOTS = {
    "page in a pdf": a_pdf().replace(b"\n", b"\n%<html><script>alert(1)</script>\n", 1),
    "page behind a pdf": a_pdf() + b"<html><script>alert(1)</script></html>",
    "archive behind a pdf": a_pdf() + a_zip(),
    "archive in a pdf": a_pdf(more=[a_stream(a_zip())]) + b"\n",
    "pdf behind a page": b"%PDF-1.7 <svg onload=alert(1)>\n" + a_pdf(),
    "archive behind a picture": a_picture() + a_zip(),
    "page in a picture": a_picture("JPEG", comment=b"<script>alert(1)</script>"),
}


@pytest.mark.parametrize("content", POLYGLOTS.values(), ids=POLYGLOTS)
def test_a_file_that_is_two_things_is_refused(content):
    assert (inspect(content)).fault is FileFault.AMBIGUOUS


async def test_a_picture_of_two_gigapixels_is_refused_by_its_header():
    started = time.monotonic()
    assert (await inspect_apart(a_png_of(50_000, 50_000))).fault is FileFault.TOO_COMPLEX
    assert (await inspect_apart(a_png_of(10_000, 5_001))).fault is FileFault.TOO_COMPLEX
    assert time.monotonic() - started < 4


@pytest.mark.requirement("S33")
@pytest.mark.parametrize(
    ("format", "mode"),
    [
        ("PNG", "1"),
        ("PNG", "L"),
        ("PNG", "LA"),
        ("PNG", "P"),
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("PNG", "I;16"),
        ("JPEG", "L"),
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("TIFF", "1"),
        ("TIFF", "L"),
        ("TIFF", "RGB"),
        ("TIFF", "CMYK"),
    ],
)
def test_a_picture_is_drawn_anew_in_its_own_format(format, mode):
    found = inspect(a_picture(format, mode, size=(400, 300)))
    assert (found.fault, found.page_count) == (None, 1)
    drawn, thumbnail = open_picture(found.file), open_picture(found.thumbnail)
    assert (drawn.format, drawn.size) == (format, (400, 300))
    assert (thumbnail.format, thumbnail.size) == ("PNG", (320, 240))


def test_sixteen_bits_of_grey_become_eight_of_the_same():
    found = inspect(a_picture("PNG", "I;16"))
    assert open_picture(found.file).getpixel((0, 0)) == 40_000 // 256


def test_what_a_picture_carries_along_is_left_behind():
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    secretive = a_picture("JPEG", exif=exif, comment=b"a comment") + b"and a postscript"
    found = inspect(secretive)
    for word in (b"where I live", b"a comment", b"postscript"):
        assert word in secretive
        assert word not in found.file


def test_a_picture_taken_sideways_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = inspect(a_picture("JPEG", size=(40, 30), exif=exif))
    assert open_picture(found.file).size == (30, 40)


def test_a_fax_keeps_all_its_pages():
    found = inspect(a_fax(3))
    drawn = open_picture(found.file)
    assert (found.page_count, drawn.n_frames, drawn.size) == (3, 3, (170, 220))
    pixels = []
    for page in range(3):
        drawn.seek(page)
        pixels.append(bool(drawn.convert("L").getpixel((5, 5))))
    assert pixels == [False, True, False]


def test_a_fax_of_too_many_pages_is_refused():
    assert (inspect(a_fax(101))).fault is FileFault.TOO_COMPLEX


def test_a_pdf_shows_its_text_and_its_first_page():
    found = look(a_pdf("Account 4711", "212-555-0100"))
    assert "Account 4711" in found.text
    assert "212-555-0100" in found.text
    assert open_picture(found.thumbnail).size == (248, 320)


@pytest.mark.requirement("S30")
def test_a_scan_shows_no_text():
    found = look(a_pdf())
    assert (found.text, open_picture(found.thumbnail).format) == ("", "PNG")


def test_svg_and_html_are_no_documents_whatever_their_name():
    for content in (b"<svg xmlns='x'/>", b"<html>", b"GIF89a", a_zip(), b"", b"%!PS"):
        assert content_type_of(content) is None


def test_the_service_itself_never_loads_a_parser():
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, json, services.porting.app; print(json.dumps(list(sys.modules)))",
        ],
        check=True,
        capture_output=True,
    )
    loaded = {name.partition(".")[0] for name in json.loads(told.stdout)}
    assert not loaded & {"pikepdf", "PIL", "pypdfium2", "pypdfium2_raw", "lxml"}
