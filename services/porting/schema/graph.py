"""Porting's graph: its root types, and who may ask for each of their fields."""

import strawberry

from libs.common.graphql.rights import (
    ADMINISTRATORS,
    EVEN_DISABLED,
    READERS,
    REQUESTERS,
    SUPPORT,
    machines,
)
from libs.common.graphql.schema import Graph
from libs.contracts.graph import USER_ERROR_TYPES
from libs.contracts.scalars import CONTRACT_SCALARS
from services.porting.schema.carrier_messages import (
    CarrierMessageMutation,
    CarrierMessageQuery,
)
from services.porting.schema.carrier_mutations import CarrierMutation
from services.porting.schema.carrier_order_mutations import CarrierOrderMutation
from services.porting.schema.case_mutations import CaseMutation
from services.porting.schema.case_queries import CaseQuery
from services.porting.schema.correction_mutations import CorrectionMutation
from services.porting.schema.desk_mutations import DeskMutation
from services.porting.schema.desk_queries import DeskQuery
from services.porting.schema.document_mutations import DocumentMutation
from services.porting.schema.fault_mutations import FaultMutation
from services.porting.schema.international_mutations import InternationalMutation
from services.porting.schema.letter_mutations import LetterMutation
from services.porting.schema.line_mutations import LineMutation
from services.porting.schema.operations import (
    OPERATIONS_RIGHTS,
    OperationsMutation,
    OperationsQuery,
)
from services.porting.schema.port_out_mutations import PortOutMutation
from services.porting.schema.port_out_queries import PortOutQuery
from services.porting.schema.port_out_report_fields import (
    PortOutReportMutation,
    PortOutReportQuery,
)
from services.porting.schema.port_out_shield_mutations import PortOutShieldMutation
from services.porting.schema.queries import PortingQuery
from services.porting.schema.request_mutations import PortRequestMutation
from services.porting.schema.uploads import UploadMutation

GAINING_CARRIERS = machines("port-outs:report")
RIGHTS = {
    "portRequest": READERS,
    "portRequests": READERS,
    "portOut": READERS,
    "portOuts": READERS,
    "supportCase": READERS,
    "supportCases": READERS,
    "portingWarnings": READERS,
    "rejectionCodes": READERS,
    "createPortRequest": REQUESTERS,
    "createUpload": REQUESTERS | SUPPORT,
    "importLines": REQUESTERS,
    "addLine": REQUESTERS,
    "correctLine": REQUESTERS,
    "attachDocument": REQUESTERS | SUPPORT,
    "reviewDocument": SUPPORT,
    "prepareLetter": REQUESTERS,
    "signLetter": REQUESTERS,
    "sendLetter": REQUESTERS,
    "revealPin": SUPPORT,
    "acknowledgeWarnings": REQUESTERS,
    "submitPortRequest": REQUESTERS,
    "renamePortRequest": REQUESTERS,
    "changePortRequestCompany": REQUESTERS,
    "authorizePortRequest": ADMINISTRATORS,
    "declinePortRequest": ADMINISTRATORS,
    "createPortRequestFor": SUPPORT,
    "openSupportCase": REQUESTERS | SUPPORT | EVEN_DISABLED,
    "postMessage": REQUESTERS | SUPPORT | EVEN_DISABLED,
    "postInternalNote": SUPPORT,
    "closeSupportCase": SUPPORT,
    "deskQueue": SUPPORT,
    "claimPortRequest": SUPPORT,
    "releasePortRequest": SUPPORT,
    "createCarrierOrder": SUPPORT,
    "moveLinesToCarrierOrder": SUPPORT,
    "mergeCarrierOrders": SUPPORT,
    "sendCarrierOrders": SUPPORT,
    "recordCarrierReference": SUPPORT,
    "requestFirmDate": REQUESTERS | SUPPORT,
    "sendToCarrier": SUPPORT,
    "recordFirmDate": SUPPORT,
    "recordPorted": SUPPORT,
    "recordRejection": SUPPORT,
    "recordConflict": SUPPORT,
    "recordActivationFailure": SUPPORT,
    "recordNotPortable": SUPPORT,
    "startActivation": SUPPORT,
    "recordSnapback": SUPPORT,
    "recordCancellation": SUPPORT,
    "carrierMessages": SUPPORT,
    "retryCarrierMessage": SUPPORT,
    "correctLines": REQUESTERS | SUPPORT,
    "dropLines": REQUESTERS | SUPPORT,
    "resubmitPortRequest": REQUESTERS | SUPPORT,
    "cancelPortRequest": REQUESTERS | SUPPORT,
    "authorizePortOut": ADMINISTRATORS,
    "schedulePortOut": SUPPORT,
    "recordPortedOut": SUPPORT,
    "confirmGainingCarrier": ADMINISTRATORS | SUPPORT,
    "recordTestCall": ADMINISTRATORS | SUPPORT,
    "rejectPortOut": ADMINISTRATORS,
    "confirmPortOutRejection": SUPPORT,
    "overturnPortOutRejection": SUPPORT,
    "cancelPortOut": SUPPORT,
    "disputePortOut": ADMINISTRATORS,
    "refusePortOutDispute": SUPPORT,
    "recordPortOutReturned": SUPPORT,
    "portOutReasons": READERS,
    "portOutAlerts": SUPPORT,
    "settlePortOutAlert": SUPPORT,
    "portOutReport": GAINING_CARRIERS | SUPPORT,
    "reportPortOut": GAINING_CARRIERS,
    "withdrawPortOut": GAINING_CARRIERS,
    "lockPortOut": ADMINISTRATORS | SUPPORT,
    "unlockPortOut": ADMINISTRATORS | SUPPORT,
    "setPortOutPin": ADMINISTRATORS,
    "removePortOutPin": ADMINISTRATORS,
    "resetPortOutPinTries": ADMINISTRATORS | SUPPORT,
    "revealPortOutIdentifier": ADMINISTRATORS,
    **OPERATIONS_RIGHTS,
}


@strawberry.type
class Query(
    PortingQuery,
    DeskQuery,
    CaseQuery,
    CarrierMessageQuery,
    PortOutQuery,
    PortOutReportQuery,
    OperationsQuery,
):
    pass


@strawberry.type
class Mutation(
    PortRequestMutation,
    LineMutation,
    UploadMutation,
    DocumentMutation,
    LetterMutation,
    CarrierMutation,
    CarrierMessageMutation,
    CarrierOrderMutation,
    DeskMutation,
    FaultMutation,
    CorrectionMutation,
    PortOutMutation,
    PortOutReportMutation,
    PortOutShieldMutation,
    CaseMutation,
    InternationalMutation,
    OperationsMutation,
):
    pass


def build_graph(*, shows_schema: bool) -> Graph:
    return Graph(
        query=Query,
        mutation=Mutation,
        types=USER_ERROR_TYPES,
        rights=RIGHTS,
        shows_schema=shows_schema,
        scalars=CONTRACT_SCALARS,
    )
