"""In a child process: PDFs, read strictly, and searched for whatever acts by itself."""

import io
import zlib
from collections.abc import Iterator
from typing import Any, Final

import pikepdf

from services.porting.document_intake.findings import FileFault, FileFaulty

_MOST_PAGES: Final = 500
_MOST_PARTS: Final = 200_000
_MOST_PIXELS: Final = 200_000_000
_LARGEST_STREAM: Final = 200 * 1024 * 1024
_LARGEST_TOGETHER: Final = 600 * 1024 * 1024
_CHUNK: Final = 64 * 1024
_INFLATED_CHUNK: Final = 1024 * 1024

# Writers pad with these after the end mark.
_PADDING: Final = b"\r\n\t \x00\x1a"
_END: Final = b"%%EOF"
_ACTIVE_KEYS: Final = frozenset({"/JS", "/JavaScript", "/AA", "/XFA"})
_ACTIVE: Final = frozenset(
    {
        "/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/GoToR",
        "/Rendition", "/Movie", "/Sound", "/GoTo3DView", "/RichMediaExecute",
    }
)  # fmt: skip
_ATTACHING_KEYS: Final = frozenset({"/EF", "/EmbeddedFiles"})
_ATTACHED: Final = frozenset(
    {"/EmbeddedFile", "/FileAttachment", "/RichMedia", "/Screen", "/3D", "/Movie", "/Sound"}
)
_KINDS: Final = frozenset({"/Type", "/Subtype"})
_CONTAINERS: Final = frozenset(
    {
        pikepdf.ObjectType.array,
        pikepdf.ObjectType.dictionary,
        pikepdf.ObjectType.stream,
    }
)
_FLATE: Final = frozenset({"/FlateDecode", "/Fl"})
_INFLATING: Final = _FLATE | {"/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"}


def inspect_pdf(content: bytes) -> int:
    """The number of its pages."""
    end = content.rfind(_END)
    if not content.startswith(b"%PDF-"):
        raise FileFaulty(FileFault.AMBIGUOUS)
    if end >= 0 and content[end + len(_END) :].strip(_PADDING):
        raise FileFaulty(FileFault.AMBIGUOUS)
    try:
        with pikepdf.open(
            io.BytesIO(content), attempt_recovery=False, suppress_warnings=True
        ) as pdf:
            return _inspect(pdf)
    except pikepdf.PasswordError:
        raise FileFaulty(FileFault.ENCRYPTED) from None
    except pikepdf.PdfError:
        raise FileFaulty(FileFault.UNREADABLE) from None


def _inspect(pdf: pikepdf.Pdf) -> int:
    if pdf.is_encrypted:
        raise FileFaulty(FileFault.ENCRYPTED)
    page_count = len(pdf.pages)
    if page_count == 0:
        raise FileFaulty(FileFault.UNREADABLE)
    if page_count > _MOST_PAGES:
        raise FileFaulty(FileFault.TOO_COMPLEX)
    room = _LARGEST_TOGETHER
    for part in _parts_of(pdf):
        _demand_stillness(part)
        if isinstance(part, pikepdf.Stream):
            room -= _inflated_size(part)
            if room < 0:
                raise FileFaulty(FileFault.TOO_COMPLEX)
    return page_count


def _parts_of(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every dictionary and stream, those within others too; none twice."""
    seen = 0
    for top in pdf.objects:
        waiting: list[Any] = [top]
        while waiting:
            part = waiting.pop()
            seen += 1
            if seen > _MOST_PARTS:
                raise FileFaulty(FileFault.TOO_COMPLEX)
            children: Any = part
            if isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
                yield part
                children = [value for _, value in part.items()]
            elif not isinstance(part, pikepdf.Array):
                continue
            waiting += (
                child
                for child in children
                if getattr(child, "_type_code", None) in _CONTAINERS and not child.is_indirect
            )


def _demand_stillness(part: Any) -> None:
    for key, value in part.items():
        if key in _ACTIVE_KEYS or (key == "/S" and _is_name(value, _ACTIVE)):
            raise FileFaulty(FileFault.ACTIVE_CONTENT)
        if key == "/OpenAction" and isinstance(value, pikepdf.Dictionary):
            if value.get("/S") != pikepdf.Name.GoTo:
                raise FileFaulty(FileFault.ACTIVE_CONTENT)
        elif key in _ATTACHING_KEYS or (key in _KINDS and _is_name(value, _ATTACHED)):
            raise FileFaulty(FileFault.ATTACHMENTS)


def _inflated_size(stream: Any) -> int:
    if stream.get("/Subtype") == pikepdf.Name.Image:
        pixels = _number_of(stream, "/Width") * _number_of(stream, "/Height")
        if pixels > _MOST_PIXELS:
            raise FileFaulty(FileFault.TOO_COMPLEX)
    filters = _filters_of(stream)
    inflating = [each for each in filters if each in _INFLATING]
    if len(inflating) > 1:
        raise FileFaulty(FileFault.TOO_COMPLEX)
    if not inflating:
        return 0
    if filters[0] in _FLATE:
        return _count_inflated(stream.read_raw_bytes())
    # Rare: the child's limit on memory is the limit.
    return len(stream.read_bytes(pikepdf.StreamDecodeLevel.generalized))


def _count_inflated(deflated: bytes) -> int:
    """Without keeping what comes out. What is damaged ends there, as it does in viewers."""
    inflater, size = zlib.decompressobj(), 0
    try:
        for place in range(0, len(deflated), _CHUNK):
            waiting = deflated[place : place + _CHUNK]
            while waiting and not inflater.eof:
                size += len(inflater.decompress(waiting, _INFLATED_CHUNK))
                waiting = inflater.unconsumed_tail
                if size > _LARGEST_STREAM:
                    raise FileFaulty(FileFault.TOO_COMPLEX)
    except zlib.error:
        pass
    return size


def _is_name(value: Any, names: frozenset[str]) -> bool:
    return isinstance(value, pikepdf.Name) and str(value) in names


def _number_of(part: Any, key: str) -> int:
    value = part.get(key)
    return value if isinstance(value, int) else 0


def _filters_of(stream: Any) -> list[str]:
    named = stream.get("/Filter")
    many = list(named) if isinstance(named, pikepdf.Array) else [named]
    return [str(each) for each in many if isinstance(each, pikepdf.Name)]
