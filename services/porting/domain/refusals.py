"""Refusals: what porting says no to, each with its code and its own sentence."""

from collections.abc import Iterable

from libs.contracts.refusals import Refusal, RowRefusal, StateRefusal, UserErrorCode


class PortingRefusal(Refusal):
    """Base of all; a class below that takes nothing has its sentence in `sentence`."""

    sentence: str

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.sentence)


class PortRequestUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such port request."


class PortOutUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "There is no such port-out."


class VersionConflict(PortingRefusal):
    code = UserErrorCode.CONFLICT
    sentence = "Somebody changed this meanwhile: read it again."


class NumberUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "This number is not part of it."


class NumbersMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Name a number, or leave the list away to mean all."


class CompanyUnknown(PortingRefusal):
    code = UserErrorCode.UNKNOWN_COMPANY
    sentence = "The account has no such company."


class NameMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Give the port request a name."


class ValueMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "This is needed on the letter."


class SignerNameMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Sign with your name."


class ConsentMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Say that you agree to sign electronically."


class TextTooLong(PortingRefusal):
    code = UserErrorCode.TOO_LONG

    def __init__(self, longest: int) -> None:
        super().__init__(f"This may have at most {longest} characters.")


class InvalidEmail(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "This is not an e-mail address."


class PinNeedsSupport(PortingRefusal):
    """A transfer PIN is a secret that is not kept yet; only its absence can be said."""

    code = UserErrorCode.INVALID
    sentence = "Write NO PIN REQUIRED or N/A; give a transfer PIN to our support team."


class PostOfficeBox(PortingRefusal):
    code = UserErrorCode.PO_BOX_NOT_ALLOWED
    sentence = "Give the address where the service is, not a post office box."


class AccountHasNoCard(PortingRefusal):
    code = UserErrorCode.CARD_REQUIRED
    sentence = "Put a payment card on file first; porting itself is free."


class AccountNotInGoodStanding(PortingRefusal):
    code = UserErrorCode.ACCOUNT_NOT_IN_GOOD_STANDING
    sentence = "The account has an open balance or is suspended."


class AccountInTrial(PortingRefusal):
    code = UserErrorCode.ACCOUNT_IN_TRIAL
    sentence = "Numbers can be ported once the trial has ended."


class LinesMissing(PortingRefusal):
    code = UserErrorCode.NO_LINES
    sentence = "Upload the CSV file with the numbers to port."


class ProofMissing(PortingRefusal):
    code = UserErrorCode.DOCUMENT_REQUIRED
    sentence = "Attach an invoice, a CSR, a screenshot, an e-mail or a receipt as proof."


class LetterMissing(PortingRefusal):
    code = UserErrorCode.LETTER_REQUIRED
    sentence = "Fill in the Letter of Authorization."


class LetterNotSigned(PortingRefusal):
    code = UserErrorCode.LETTER_NOT_SIGNED
    sentence = "Sign the Letter of Authorization."


class LetterOutdated(PortingRefusal):
    code = UserErrorCode.LETTER_OUTDATED
    sentence = "Numbers changed after the letter was signed: sign it again."


class WarningsNotAcknowledged(PortingRefusal):
    code = UserErrorCode.WARNINGS_NOT_ACKNOWLEDGED
    sentence = "Confirm that you will keep the old service until the port is complete."


class NumberIsInAnotherRequest(PortingRefusal):
    """Tells nothing of whose request it is."""

    code = UserErrorCode.NUMBER_ALREADY_CLAIMED
    sentence = "One of the numbers is part of another open port request."


class NumberClaimed(PortingRefusal):
    code = UserErrorCode.NUMBER_ALREADY_CLAIMED

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} is part of another open port request.")


class NumberIsOurs(PortingRefusal):
    """The owner is not told."""

    code = UserErrorCode.INTERNAL_PORT

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} is in our inventory already: it moves without a port.")


class ForwardingLoop(PortingRefusal):
    """S24, S25."""

    code = UserErrorCode.FORWARDING_LOOP

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} would forward to itself: it is, or will be, ported.")


class OwnSubmission(PortingRefusal):
    code = UserErrorCode.OWN_SUBMISSION
    sentence = "Another administrator must authorize what you submitted yourself."


class NotPreconfigured(PortingRefusal):
    code = UserErrorCode.AWAITING_PRECONFIGURATION
    sentence = "The numbers are not preconfigured yet: try again in a moment."


class FirmDateNotAllowed(PortingRefusal):
    code = UserErrorCode.FIRM_DATE_NOT_ALLOWED
    sentence = "The firm date lies in the past or more than 30 days ahead."


class TimeInTheFuture(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "This time has not come yet."


class TimeTooEarly(PortingRefusal):
    code = UserErrorCode.INVALID
    sentence = "This time lies before the request itself: nothing could have moved."


class TestCallNotValid(PortingRefusal):
    code = UserErrorCode.TEST_CALL_NOT_VALID
    sentence = "Call from a number outside this port-out and outside your inventory (S78)."


class CalledBeforeThePort(PortingRefusal):
    code = UserErrorCode.TEST_CALL_NOT_VALID
    sentence = "This call was made before the number left: it rang here and proves nothing."


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


class PortRequestNotPossible(StateRefusal):
    """The request's status does not allow it."""

    def __init__(self, status: str, available_actions: Iterable[str]) -> None:
        super().__init__(
            f"This is not possible while the request is {status}.",
            status=status,
            available_actions=available_actions,
        )


class LetterSignedAlready(StateRefusal):
    def __init__(self, available_actions: Iterable[str]) -> None:
        super().__init__(
            "The letter is signed already.",
            status="SIGNED",
            available_actions=available_actions,
        )


class LineNotPossible(StateRefusal):
    """Of one number of a request: what can be done, can be done with the request."""

    def __init__(self, state: str) -> None:
        super().__init__(
            f"This is not possible while the number is {state}.",
            status=state,
            available_actions=(),
        )


class PortOutNotPossible(StateRefusal):
    def __init__(self, status: str, available_actions: Iterable[str]) -> None:
        super().__init__(
            f"This is not possible while the port-out is {status}.",
            status=status,
            available_actions=available_actions,
        )


class RowFault(RowRefusal):
    """A fault of one row of an uploaded number list."""

    def __init__(
        self,
        code: UserErrorCode,
        message: str,
        *,
        row: int,
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        super().__init__(message, row=row, column=column, value=value)
        self.code = code  # type: ignore[misc] # a table has too many faults for a class each
