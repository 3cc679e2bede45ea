"""What can be done with requests and support cases, as the graph names it."""

from libs.common.graphql.enums import publish_enum
from services.porting.domain.actions import PortRequestAction, SupportCaseAction

__all__ = ["PortRequestAction", "SupportCaseAction"]

publish_enum(
    PortRequestAction,
    description="What you can do with a request now.",
    values={
        PortRequestAction.EDIT: "Fill in the draft.",
        PortRequestAction.EDIT_LETTER: "Fill in the letter, or change it.",
        PortRequestAction.SIGN: "Sign the letter.",
        PortRequestAction.SEND_LETTER: "Send the letter to whoever signs it, again if need be.",
        PortRequestAction.SUBMIT: "Submit it.",
        PortRequestAction.AUTHORIZE: "Authorize what a colleague submitted.",
        PortRequestAction.DECLINE: "Decline what a colleague submitted: it is cancelled.",
        PortRequestAction.ATTACH_DOCUMENT: "Attach another document.",
        PortRequestAction.REVIEW_DOCUMENT: "Accept or refuse a document.",
        PortRequestAction.REQUEST_FIRM_DATE: "Say which day you would like.",
        PortRequestAction.SEND_TO_CARRIER: "Send it to the losing carrier.",
        PortRequestAction.RECORD_FIRM_DATE: "Record the losing carrier's firm date.",
        PortRequestAction.RECORD_PORTED: "Record that numbers have ported.",
        PortRequestAction.RECORD_REJECTION: "Record that the losing carrier refused numbers.",
        PortRequestAction.RECORD_CONFLICT: "Record that the losing carrier objects.",
        PortRequestAction.START_ACTIVATION: "Start the move of numbers.",
        PortRequestAction.RECORD_ACTIVATION_FAILURE: "Record that numbers did not move.",
        PortRequestAction.RECORD_NOT_PORTABLE: "Record that numbers can never move.",
        PortRequestAction.RECORD_SNAPBACK: "Record that numbers went back.",
        PortRequestAction.RECORD_CANCELLATION: "Record the carrier's answer to the cancelling.",
        PortRequestAction.CORRECT_LINES: "Correct what is wrong with numbers.",
        PortRequestAction.DROP_LINES: "Take numbers out.",
        PortRequestAction.RESUBMIT: "Send again what was put right.",
        PortRequestAction.CANCEL: "Cancel it.",
    },
)
publish_enum(
    SupportCaseAction,
    description="What you can do with a support case now.",
    values={
        SupportCaseAction.POST_MESSAGE: "Write to the other side.",
        SupportCaseAction.POST_INTERNAL_NOTE: "Write to the desk alone.",
        SupportCaseAction.CLOSE: "Close it.",
    },
)
