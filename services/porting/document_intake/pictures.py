"""In a child process: pictures, measured by their header first, then drawn anew."""

import io
import warnings
from typing import Final

from PIL import Image, ImageOps, ImageSequence, TiffImagePlugin

from services.porting.document_intake.findings import FileFault, FileFaulty, Inspection

_MOST_PIXELS: Final = 50_000_000
_MOST_PAGES: Final = 100
_MOST_PIXELS_TOGETHER: Final = 200_000_000
_THUMBNAIL_PIXELS: Final = 320
_JPEG_QUALITY: Final = 90
# A quarter of the time of the usual 6, for a few percent more bytes.
_PNG_LEVEL: Final = 3

# What each format keeps as it is; everything else becomes RGB, or RGBA where it shows through.
_KEPT_MODES: Final = {
    "PNG": frozenset({"1", "L", "LA", "RGB", "RGBA"}),
    "JPEG": frozenset({"L", "RGB", "CMYK"}),
    "TIFF": frozenset({"1", "L", "RGB"}),
}
_SIXTEEN_BITS: Final = frozenset({"I", "I;16", "I;16B", "I;16L"})
# Whatever the libraries raise for a file that is not what it says.
_BROKEN: Final = (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError)


def draw_anew(content: bytes, format: str) -> Inspection:
    """The same pixels in the same format, and nothing else that the file carried along."""
    # Limits of our own stand before anything is decoded.
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    try:
        with Image.open(io.BytesIO(content), formats=[format]) as picture:
            if format == "TIFF":
                return _draw_pages(picture)
            _demand_size(picture)
            clean = _clean(picture, format)
    except Image.DecompressionBombError:
        raise FileFaulty(FileFault.TOO_COMPLEX) from None
    except _BROKEN:
        raise FileFaulty(FileFault.UNREADABLE) from None
    file = io.BytesIO()
    if format == "JPEG":
        clean.save(file, format, quality=_JPEG_QUALITY)
    else:
        clean.save(file, format, compress_level=_PNG_LEVEL)
    return Inspection(page_count=1, file=file.getvalue(), thumbnail=make_thumbnail(clean))


def make_thumbnail(picture: Image.Image) -> bytes:
    scale = min(1.0, _THUMBNAIL_PIXELS / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    grey = picture.convert("L") if picture.mode == "1" else picture
    small = grey.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    file = io.BytesIO()
    small.convert("RGBA" if small.mode in {"LA", "RGBA"} else "RGB").save(file, "PNG")
    return file.getvalue()


def _draw_pages(picture: Image.Image) -> Inspection:
    """Page by page, so that one at a time is in memory."""
    file, thumbnail, pages, pixels = io.BytesIO(), b"", 0, 0
    with TiffImagePlugin.AppendingTiffWriter(file) as book:
        for page in ImageSequence.Iterator(picture):
            _demand_size(page)
            pages += 1
            pixels += page.width * page.height
            if pages > _MOST_PAGES or pixels > _MOST_PIXELS_TOGETHER:
                raise FileFaulty(FileFault.TOO_COMPLEX)
            clean = _clean(page, "TIFF")
            thumbnail = thumbnail or make_thumbnail(clean)
            if clean.mode == "1":
                clean.save(book, "TIFF", compression="group4")
            else:
                clean.save(book, "TIFF", compression="jpeg", quality=_JPEG_QUALITY)
            book.newFrame()
    return Inspection(page_count=pages, file=file.getvalue(), thumbnail=thumbnail)


def _demand_size(picture: Image.Image) -> None:
    if picture.width * picture.height > _MOST_PIXELS:
        raise FileFaulty(FileFault.TOO_COMPLEX)


def _clean(picture: Image.Image, format: str) -> Image.Image:
    """Decoded, the right way up, without a word of what stood beside the pixels."""
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode in _SIXTEEN_BITS:
        clean = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif picture.mode not in _KEPT_MODES[format]:
        shows_through = format == "PNG" and picture.has_transparency_data
        clean = picture.convert("RGBA" if shows_through else "RGB")
    else:
        clean = picture.copy()
    clean.info = {}
    return clean
