"""Where port-outs stand, as the graph names it."""

from libs.common.graphql.enums import publish_enum
from services.porting.domain.port_out_actions import PortOutAction
from services.porting.domain.port_outs import PortOutStatus, PortOutTurn

__all__ = ["PortOutAction", "PortOutStatus", "PortOutTurn"]

publish_enum(
    PortOutStatus,
    description="Where a port-out stands.",
    values={
        PortOutStatus.RECEIVED: "An administrator can answer; silence authorizes.",
        PortOutStatus.AUTHORIZED: "The numbers may leave.",
        PortOutStatus.SCHEDULED: "The day is known.",
        PortOutStatus.PORTED_OUT: "The numbers are with the gaining carrier.",
        PortOutStatus.CONFIRMED: "The customer confirmed every number.",
        PortOutStatus.REJECTION_REVIEW: "We check the reason against it.",
        PortOutStatus.REJECTED: "It was refused for a lawful reason.",
        PortOutStatus.CANCELLED: "The gaining carrier withdrew it.",
        PortOutStatus.DISPUTED: "The customer did not want it.",
        PortOutStatus.RETURNED: "The numbers came back.",
    },
)
publish_enum(
    PortOutAction,
    description="What you can do with a port-out now.",
    values={
        PortOutAction.AUTHORIZE: "Authorize it.",
        PortOutAction.REJECT: "Refuse it for a lawful reason.",
        PortOutAction.CONFIRM_REJECTION: "Find the reason for refusing it true.",
        PortOutAction.OVERTURN_REJECTION: "Find that the reason does not hold.",
        PortOutAction.SCHEDULE: "Record the day of the port.",
        PortOutAction.RECORD_PORTED_OUT: "Record that numbers have left.",
        PortOutAction.CANCEL: "Record that the gaining carrier has withdrawn it.",
        PortOutAction.CONFIRM: "Work through the checklist of each number.",
        PortOutAction.DISPUTE: "Say that nobody of yours wanted it.",
        PortOutAction.REFUSE_DISPUTE: "Find that the customer did want it.",
        PortOutAction.RECORD_RETURNED: "Record that the numbers came back.",
    },
)
publish_enum(
    PortOutTurn,
    description="Whose turn it is with a port-out.",
    values={
        PortOutTurn.ADMINISTRATOR: "An administrator of the account.",
        PortOutTurn.SUPPORT: "Our port desk.",
        PortOutTurn.GAINING_CARRIER: "The carrier that takes the numbers.",
        PortOutTurn.NOBODY: "It is over.",
    },
)
