"""Refusals of uploads and documents."""

from libs.contracts.refusals import UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class ProofMissing(PortingRefusal):
    code = UserErrorCode.DOCUMENT_REQUIRED
    sentence = "Attach an invoice, a CSR, a screenshot, an e-mail or a receipt as proof."


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


class FileTypeNotAllowed(PortingRefusal):
    code = UserErrorCode.FILE_TYPE_NOT_ALLOWED
    sentence = "By its content this is no PDF, PNG, JPEG or TIFF."
