"""Where requests and their lines stand, as the graph names it."""

from libs.common.graphql.enums import publish_enum
from services.porting.domain.lines import LineState
from services.porting.domain.requests import PortRequestStatus, WaitingOn

__all__ = ["LineState", "PortRequestStatus", "WaitingOn"]

publish_enum(
    PortRequestStatus,
    description="Where a request stands; from the carrier on, its lines decide.",
    values={
        PortRequestStatus.DRAFT: "Being filled in.",
        PortRequestStatus.AWAITING_AUTHORIZATION: "An administrator must authorize it.",
        PortRequestStatus.AWAITING_SIGNATURE: "The signer must sign the letter.",
        PortRequestStatus.IN_REVIEW: "We check it.",
        PortRequestStatus.WITH_CARRIER: "The losing carrier has it.",
        PortRequestStatus.APPROVED: "Every number has its firm date.",
        PortRequestStatus.PORTING: "Numbers are moving.",
        PortRequestStatus.COMPLETED: "Every number rings here.",
        PortRequestStatus.PARTIALLY_COMPLETED: "Some numbers ring here, the others never will.",
        PortRequestStatus.ACTION_REQUIRED: "Something must be corrected.",
        PortRequestStatus.CANCEL_REQUESTED: "The losing carrier was asked to stop.",
        PortRequestStatus.CANCELLED: "Nothing moves.",
        PortRequestStatus.EXPIRED: "It lay untouched for too long.",
    },
)
publish_enum(
    LineState,
    description="Where one number stands on its way.",
    values={
        LineState.ADDED: "In a draft.",
        LineState.READY: "Submitted: no other request can have it now.",
        LineState.NOT_PORTABLE: "It cannot move.",
        LineState.WITH_CARRIER: "The losing carrier has it.",
        LineState.APPROVED: "The losing carrier gave a firm date.",
        LineState.ACTIVATING: "It is moving.",
        LineState.PORTED: "It rings here.",
        LineState.REJECTED: "The losing carrier refused; the reason says what to correct.",
        LineState.CONFLICT: "The losing carrier objects in the registry.",
        LineState.ACTIVATION_FAILED: "The registry did not take the change.",
        LineState.CANCEL_REQUESTED: "We asked the losing carrier to stop.",
        LineState.CANCELLED: "It stays where it was.",
        LineState.REVERTED: "It went back within a day of the port.",
    },
)
publish_enum(
    WaitingOn,
    description="Whose turn it is.",
    values={
        WaitingOn.REQUESTER: "Whoever made the request.",
        WaitingOn.ADMINISTRATOR: "An administrator of the account.",
        WaitingOn.SIGNER: "Whoever signs the letter.",
        WaitingOn.SUPPORT: "Our port desk.",
        WaitingOn.LOSING_CARRIER: "The carrier that the numbers leave.",
        WaitingOn.NOBODY: "It is finished.",
    },
)
