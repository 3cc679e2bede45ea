"""What a mutation can answer in `userErrors`: the codes of all services."""

from enum import StrEnum
from typing import Self


class UserErrorCode(StrEnum):
    """Names are for ever; each carries its description into the graph."""

    description: str

    def __new__(cls, value: str, description: str) -> Self:
        code = str.__new__(cls, value)
        code._value_ = value
        code.description = description
        return code

    NOT_FOUND = "NOT_FOUND", "What the input names does not exist, or is not yours."
    REQUIRED = "REQUIRED", "A value is missing that is needed here."
    INVALID = "INVALID", "A value has the wrong form."
    TOO_LONG = "TOO_LONG", "A value is longer than allowed."
    INVALID_STATE = (
        "INVALID_STATE",
        "Not possible in the present status; see `availableActions`.",
    )
    CONFLICT = (
        "CONFLICT",
        "It was changed after `expectedVersion` was read: read it again.",
    )

    ACCOUNT_PAST_DUE = (
        "ACCOUNT_PAST_DUE",
        "A bill of the account is past due: nothing can be submitted.",
    )
    ACCOUNT_NOT_IN_GOOD_STANDING = (
        "ACCOUNT_NOT_IN_GOOD_STANDING",
        "The account is suspended or flagged: nothing can be submitted.",
    )
    ACCOUNT_IN_TRIAL = (
        "ACCOUNT_IN_TRIAL",
        "Numbers can be ported only after the trial has ended.",
    )
    CARD_REQUIRED = "CARD_REQUIRED", "A payment card must be on file first."
    ALREADY_EXISTS = "ALREADY_EXISTS", "There is one with this name or address already."

    ACCOUNT_DISABLED = "ACCOUNT_DISABLED", "The account is disabled; support reactivates it."
    PORT_IN_OPEN = "PORT_IN_OPEN", "A port request is under way: let it end or cancel it."
    PORT_OUT_OPEN = "PORT_OUT_OPEN", "A port-out is under way: wait until it has ended."
    PORT_OUT_UNCONFIRMED = "PORT_OUT_UNCONFIRMED", "A number that left is not confirmed yet."
    NUMBERS_LEFT = "NUMBERS_LEFT", "The account has numbers that are not disabled yet."
    LAST_ADMINISTRATOR = "LAST_ADMINISTRATOR", "No active administrator would be left."
    OWN_RIGHTS = "OWN_RIGHTS", "Nobody takes away their own rights: somebody else must."

    INVALID_PHONE_NUMBER = (
        "INVALID_PHONE_NUMBER",
        "Not a United States or Canadian telephone number.",
    )
    COUNTRY_NOT_SUPPORTED = (
        "COUNTRY_NOT_SUPPORTED",
        "Numbers of this country are ported by our support team: open a case.",
    )
    NUMBER_NOT_PORTABLE = (
        "NUMBER_NOT_PORTABLE",
        "Premium, toll-free shared, fictional or reserved numbers cannot be ported.",
    )
    DUPLICATE_NUMBER = "DUPLICATE_NUMBER", "The same number is named twice."
    INTERNAL_PORT = "INTERNAL_PORT", "The number is in our inventory already."
    NUMBER_ALREADY_CLAIMED = (
        "NUMBER_ALREADY_CLAIMED",
        "The number is part of another open port request.",
    )
    WRONG_COUNTRY = (
        "WRONG_COUNTRY",
        "The number is not of the country that the request is made for.",
    )
    FORWARDING_LOOP = (
        "FORWARDING_LOOP",
        "The forwarding number is itself a tracking number or is being ported.",
    )
    UNKNOWN_COMPANY = "UNKNOWN_COMPANY", "There is no such company in the account."
    TOO_MANY_LINES = "TOO_MANY_LINES", "A request cannot hold this many numbers."
    NO_LINES = "NO_LINES", "A request needs at least one number."

    CSV_UNREADABLE = (
        "CSV_UNREADABLE",
        "The file is neither XLSX nor CSV text in UTF-8 or UTF-16, or a row cannot be read.",
    )
    CSV_COLUMN_MISSING = "CSV_COLUMN_MISSING", "A required column is not in the file."
    CSV_COLUMN_UNKNOWN = "CSV_COLUMN_UNKNOWN", "The file has a column that means nothing here."
    CSV_VALUE_MISSING = "CSV_VALUE_MISSING", "A required cell is empty."
    CSV_SCIENTIFIC_NUMBER = (
        "CSV_SCIENTIFIC_NUMBER",
        "A spreadsheet turned the number into 1.80555E+10: format the column as text.",
    )
    CSV_EMPTY = "CSV_EMPTY", "The file has no rows."
    MORE_FAULTS = "MORE_FAULTS", "There are more faults than are listed here."

    UPLOAD_NOT_FOUND = (
        "UPLOAD_NOT_FOUND",
        "The upload does not exist, was not finished, has expired or is not yours.",
    )
    FILE_TYPE_NOT_ALLOWED = (
        "FILE_TYPE_NOT_ALLOWED",
        "The file's content is of a type that is not accepted here.",
    )
    FILE_UNREADABLE = "FILE_UNREADABLE", "The file is damaged or not complete."
    FILE_ENCRYPTED = "FILE_ENCRYPTED", "The file is protected by a password or by rights."
    FILE_HAS_ACTIVE_CONTENT = (
        "FILE_HAS_ACTIVE_CONTENT",
        "The file holds a script, form or action that would run when it is opened.",
    )
    FILE_HAS_ATTACHMENTS = "FILE_HAS_ATTACHMENTS", "The file carries other files."
    FILE_AMBIGUOUS = "FILE_AMBIGUOUS", "The file is of more than one type at once."
    FILE_TOO_COMPLEX = (
        "FILE_TOO_COMPLEX",
        "The file has too many pages or pixels, or is too large once unpacked.",
    )
    FILE_TOO_LARGE = "FILE_TOO_LARGE", "The file is larger than allowed."
    FILE_EMPTY = "FILE_EMPTY", "The file is empty."
    DOCUMENT_REQUIRED = (
        "DOCUMENT_REQUIRED",
        "An invoice, CSR, screenshot, ownership e-mail or receipt is needed.",
    )

    LETTER_REQUIRED = "LETTER_REQUIRED", "The Letter of Authorization is not filled in yet."
    LETTER_NOT_SIGNED = "LETTER_NOT_SIGNED", "The Letter of Authorization is not signed yet."
    LETTER_OUTDATED = (
        "LETTER_OUTDATED",
        "Numbers or subscriber changed after the letter was made: it must be signed anew.",
    )
    PIN_ANSWER_REQUIRED = (
        "PIN_ANSWER_REQUIRED",
        "Each losing account or line needs a PIN, or an answer that says there is none.",
    )
    PO_BOX_NOT_ALLOWED = (
        "PO_BOX_NOT_ALLOWED",
        "The letter needs the service address, not a post office box.",
    )
    WARNINGS_NOT_ACKNOWLEDGED = (
        "WARNINGS_NOT_ACKNOWLEDGED",
        "The warnings about porting must be acknowledged first.",
    )

    NOT_THE_REQUESTER = (
        "NOT_THE_REQUESTER",
        "Only whoever made the request, an administrator or support may do this.",
    )
    TOO_LATE_TO_CANCEL = (
        "TOO_LATE_TO_CANCEL",
        "The firm date is too close: the losing carrier no longer stops the port.",
    )
    NO_FAULT = "NO_FAULT", "Nothing is wrong with the number, so nothing can be corrected."
    FAULT_NOT_CORRECTED = (
        "FAULT_NOT_CORRECTED",
        "A fault is still open: correct the number or take it out of the request.",
    )
    SNAPBACK_TOO_LATE = (
        "SNAPBACK_TOO_LATE",
        "A number goes back within 24 hours after its port, not later.",
    )
    OWN_SUBMISSION = (
        "OWN_SUBMISSION",
        "Somebody else must authorize what you submitted yourself.",
    )
    AWAITING_PRECONFIGURATION = (
        "AWAITING_PRECONFIGURATION",
        "The numbers are not preconfigured yet: it cannot go to the carrier.",
    )
    FIRM_DATE_NOT_ALLOWED = (
        "FIRM_DATE_NOT_ALLOWED",
        "The firm date is in the past or more than 30 days ahead.",
    )
    FIRM_DATE_NOT_A_BUSINESS_DAY = (
        "FIRM_DATE_NOT_A_BUSINESS_DAY",
        "The losing carrier ports nothing on this day.",
    )
    FIRM_DATE_TOO_SOON = (
        "FIRM_DATE_TOO_SOON",
        "The losing carrier needs more business days than are left until this day.",
    )

    CLAIMED_BY_ANOTHER = (
        "CLAIMED_BY_ANOTHER",
        "Somebody else of the port desk works on it: `takeOver` takes it from them.",
    )
    CARRIER_ORDER_SENT = (
        "CARRIER_ORDER_SENT",
        "The losing carrier has this carrier order: it can no longer be put together anew.",
    )
    CARRIER_ORDER_MIXED = (
        "CARRIER_ORDER_MIXED",
        "A carrier order holds numbers of one country, either local or toll-free.",
    )

    FORWARDING_NOT_ALLOWED = (
        "FORWARDING_NOT_ALLOWED",
        "Calls are not forwarded to premium or fictional numbers.",
    )
    TOO_MANY_NUMBERS = (
        "TOO_MANY_NUMBERS",
        "More numbers are named or found than can be changed at once.",
    )

    TEST_CALL_NOT_VALID = (
        "TEST_CALL_NOT_VALID",
        "A test call must come from a number outside this port-out and your inventory.",
    )
    NUMBER_NOT_GONE_YET = "NUMBER_NOT_GONE_YET", "The number has not left yet."
    REASON_NOT_LAWFUL = "REASON_NOT_LAWFUL", "The reason is none of `portOutReasons`."
    ANSWER_TIME_PASSED = "ANSWER_TIME_PASSED", "Silence has authorized the port-out by now."
    DISPUTE_TOO_LATE = "DISPUTE_TOO_LATE", "It is more than 24 hours since the port."
    NOT_LOCKED = "NOT_LOCKED", "There is no port-out lock that could be taken away."
    PIN_TOO_SIMPLE = "PIN_TOO_SIMPLE", "Anybody would try this PIN first."

    NEEDED_BY_LAW = (
        "NEEDED_BY_LAW",
        "The law needs these messages: they cannot be switched off or put off.",
    )
    WEBHOOK_URL_NOT_ALLOWED = (
        "WEBHOOK_URL_NOT_ALLOWED",
        "Webhooks are sent to public addresses, over https, to certain ports.",
    )
    UNKNOWN_EVENT_TYPE = "UNKNOWN_EVENT_TYPE", "No event of this type is sent by webhook."
    TOO_MANY_WEBHOOK_ENDPOINTS = (
        "TOO_MANY_WEBHOOK_ENDPOINTS",
        "The account has as many webhook endpoints as it may have.",
    )
    TOO_MANY_WEBHOOK_EVENTS = (
        "TOO_MANY_WEBHOOK_EVENTS",
        "More events are named or found than are sent again at once.",
    )
