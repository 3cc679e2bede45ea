"""Files that customers send, good ones and others, made byte by byte."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable

import pikepdf
from PIL import Image


def a_pdf(
    *lines: str, more: Iterable[bytes] = (), catalog: bytes = b"", page: bytes = b""
) -> bytes:
    """One page with these lines of text; `more` are objects from number 6 on."""
    shown = b"".join(
        b"1 0 0 1 40 %d Tm (%s) Tj\n" % (760 - 14 * place, _escape(line))
        for place, line in enumerate(lines)
    )
    text = b"BT /F1 10 Tf\n" + shown + b"ET"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R" + catalog + b">>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>" + page + b">>",
        a_stream(text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    ]
    file, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = len(bodies) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return file + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n"
        b"%%%%EOF\n" % (size, table, size, len(file))
    )


def a_stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), entries, content)


def a_bomb(inflated_bytes: int) -> bytes:
    """A PDF with a stream that inflates to so many zeros."""
    deflater, zeros = zlib.compressobj(9), bytes(2**20)
    deflated = b"".join(deflater.compress(zeros) for _ in range(inflated_bytes // 2**20))
    deflated += deflater.flush()
    return a_pdf("Invoice", more=[a_stream(deflated, b"/Filter/FlateDecode")])


def an_encrypted_pdf(password: str = "") -> bytes:
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(a_pdf("Invoice"))) as pdf:
        pdf.save(file, encryption=pikepdf.Encryption(owner="owner", user=password))
    return file.getvalue()


def a_compressed_pdf(content: bytes) -> bytes:
    """The same document with its objects in object streams."""
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return file.getvalue()


def a_picture(
    format: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object
) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, _GREY[mode]).save(file, format, **options)
    return file.getvalue()


def a_fax(pages: int) -> bytes:
    file = io.BytesIO()
    first, *others = [Image.new("1", (170, 220), place % 2) for place in range(pages)]
    first.save(file, "TIFF", save_all=True, append_images=others)
    return file.getvalue()


def a_png_of(width: int, height: int) -> bytes:
    """A header that promises so many pixels, and few bytes behind it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(2**20)))
        + chunk(b"IEND", b"")
    )


def a_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("run.exe", b"MZ")
    return file.getvalue()


_GREY = {
    "1": 1,
    "L": 128,
    "LA": (128, 128),
    "P": 3,
    "RGB": (128, 128, 128),
    "RGBA": (1, 2, 3, 4),
    "CMYK": (1, 2, 3, 4),
    "I;16": 40_000,
}


def _escape(line: str) -> bytes:
    for special in "\\()":
        line = line.replace(special, f"\\{special}")
    return line.encode("latin-1")
