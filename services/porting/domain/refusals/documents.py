"""Refusals of uploads and documents."""

from libs.contracts.refusals import FileRefusal, UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class ProofMissing(PortingRefusal):
    code = UserErrorCode.DOCUMENT_REQUIRED
    sentence = "Attach an invoice, a CSR, a screenshot, an e-mail or a receipt as proof."


class ReplacementMissing(PortingRefusal):
    code = UserErrorCode.DOCUMENT_REQUIRED
    sentence = "A document was refused: attach another in its place first."


class LetterFromSupport(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "A country's own letter comes from our support team, every other document not."


class NumberListNotADocument(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "A number list comes by importLines: say what this document is."


class UploadUnknown(PortingRefusal):
    code = UserErrorCode.UPLOAD_NOT_FOUND
    sentence = "The upload is unknown, unfinished or expired: upload the file again."


class FileTooLarge(PortingRefusal):
    code = UserErrorCode.FILE_TOO_LARGE

    def __init__(self, largest_bytes: int) -> None:
        super().__init__(f"A file may have at most {largest_bytes // 1_048_576} MB.")


class FileEmpty(PortingRefusal):
    code = UserErrorCode.FILE_EMPTY
    sentence = "The file is empty."


class FilenameNotAllowed(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "Give the file's name, without folders, with at most 255 characters."


class MediaTypeNotAllowed(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "Give the file's media type, such as text/csv or application/pdf."


class ChecksumNotAllowed(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "sha256 is 64 hexadecimal digits."


class FileTypeNotAllowed(FileRefusal):
    code = UserErrorCode.FILE_TYPE_NOT_ALLOWED

    def __init__(self, filename: str) -> None:
        super().__init__(
            "By its content this is no PDF, PNG, JPEG or TIFF.",
            filename=filename,
            content_type=None,
        )


class FileUnreadable(FileRefusal):
    code = UserErrorCode.FILE_UNREADABLE
    sentence = "The file is damaged or not complete: save or scan it again."


class FileEncrypted(FileRefusal):
    code = UserErrorCode.FILE_ENCRYPTED
    sentence = "The PDF is protected: save it without a password and without protection."


class FileActive(FileRefusal):
    code = UserErrorCode.FILE_HAS_ACTIVE_CONTENT
    sentence = "The PDF holds a script, form or action: print it to a new PDF."


class FileWithAttachments(FileRefusal):
    code = UserErrorCode.FILE_HAS_ATTACHMENTS
    sentence = "The PDF carries other files: attach each as a document of its own."


class FileAmbiguous(FileRefusal):
    code = UserErrorCode.FILE_AMBIGUOUS
    sentence = "The file is of two types at once: save or scan it again."


class FileTooComplex(FileRefusal):
    code = UserErrorCode.FILE_TOO_COMPLEX
    sentence = "The file has too many pages, or is too large once unpacked: send less of it."


class DocumentUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "The request has no such document."


class NumberListNotReviewed(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "A number list is checked when it is imported: it has no review."


class RefusalCodeMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Say why the document is refused."


class RefusalCodeNotExpected(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "An accepted document has no reason to be refused."


class RefusalTextMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Write to the customer why the document is refused."


class MarksMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Mark what of account, address and numbers the proof shows."
