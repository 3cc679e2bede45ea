"""Porting's graph and file routes over HTTP, in this process, with real tokens."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from libs.common.caller import CallerResolver, Member
from libs.common.child_process import ChildProcesses
from libs.common.database import Database
from libs.common.dev_issuer import (
    DEVELOPMENT_AUDIENCE,
    JWKS_PATH,
    IssuerKey,
    create_app,
    sign_token,
)
from libs.common.download_links import DownloadLinks
from libs.common.graphql.endpoint import GraphEndpoint
from libs.common.graphql.schema import Graph
from libs.common.memberships import memberships_of
from libs.common.tokens import DEVELOPMENT_ISSUER, IssuerKeys, TokenVerifier
from services.porting.integrations.files import Files, UploadLinks
from services.porting.routes.files import file_routes
from services.porting.routes.letters import letter_routes
from services.porting.routes.templates import template_routes
from services.porting.schema.context import Room
from services.porting.schema.graph import build_graph
from services.porting.use_cases.document_files import DocumentIntake
from services.porting.use_cases.importing import IntakeLimits
from tests.porting.builders import LINK_MAKER, VAULT

_HOST = "http://porting"


@dataclass(frozen=True)
class Door:
    client: httpx.AsyncClient
    key: IssuerKey
    room: Room
    files_folder: Path

    def bearer(self, caller: Member | str | None) -> dict[str, str]:
        """A member by their login; others by their scopes, or "stranger"."""
        match caller:
            case None:
                return {}
            case Member():
                token = sign_token(
                    self.key, subject=caller.login.subject, account_id=caller.account_id
                )
            case "stranger":
                token = sign_token(self.key, subject="stranger")
            case scopes:
                token = sign_token(self.key, subject=scopes, scopes=scopes.split())
        return {"authorization": f"Bearer {token}"}

    async def ask(self, caller: Member | str | None, query: str, **variables: Any) -> Any:
        answer = await self.client.post(
            f"{_HOST}/graphql",
            json={"query": query, "variables": variables},
            headers=self.bearer(caller),
        )
        return answer.json()

    async def see(self, caller: Member | str | None, query: str, **variables: Any) -> Any:
        answer = await self.ask(caller, query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def code(self, caller: Member | str | None, query: str, **variables: Any) -> Any:
        """The one top-level error's code, or None."""
        answer = await self.ask(caller, query, **variables)
        if "errors" not in answer:
            return None
        (error,) = answer["errors"]
        return error["extensions"]["code"]

    async def act(
        self, caller: Member | str | None, mutation: str, **given: Any
    ) -> dict[str, Any]:
        """A mutation's payload."""
        answer = await self.see(caller, self.mutation(mutation), input=given)
        payload: dict[str, Any] = answer[mutation]
        return payload

    def mutation(self, name: str) -> str:
        given, payload = _MUTATIONS[name]
        return f"mutation($input: {given}!) {{ {name}(input: $input) {{ {payload} }} }}"


@cache
def _graph() -> Graph:
    """Dear to build, and keeps nothing of who asked."""
    return build_graph(shows_schema=True)


def open_door(database: Database, key: IssuerKey, folder: Path) -> Door:
    issuer = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(key)))
    verifier = TokenVerifier(
        IssuerKeys(f"http://issuer{JWKS_PATH}", issuer),
        issuer=DEVELOPMENT_ISSUER,
        audience=DEVELOPMENT_AUDIENCE,
        production=False,
    )
    files, children = Files(folder.as_uri()), ChildProcesses()
    room = Room(
        files=files,
        upload_links=UploadLinks(_HOST, "0" * 64),
        download_links=DownloadLinks(_HOST, "0" * 64, "documents"),
        children=children,
        document_intake=DocumentIntake(files, children),
        intake_limits=IntakeLimits(most_rows=1_000, allow_fictional=True),
        vault=VAULT,
        link_maker=LINK_MAKER,
    )
    callers = CallerResolver(verifier, memberships_of(database))
    endpoint = GraphEndpoint(
        _graph(),
        callers=callers,
        database=database,
        room=room,
    )
    app = Starlette(
        routes=[
            Route("/graphql", endpoint),
            *file_routes(database, room.files, room.upload_links, room.download_links),
            *letter_routes(database, LINK_MAKER, callers, _HOST),
            *template_routes(room.children),
        ]
    )
    return Door(httpx.AsyncClient(transport=httpx.ASGITransport(app)), key, room, folder)


_ERRORS = """
  userErrors {
    __typename code message path
    ... on CsvRowError { row column value }
    ... on InvalidStateError { status availableActions }
    ... on SupportCaseOffer { subject numbers }
    ... on DocumentError { filename contentType }
  }
"""
_REQUEST = f"portRequest {{ id status version availableActions }} {_ERRORS}"
_CASE = f"supportCase {{ id reference state version availableActions }} {_ERRORS}"
_PORT_OUT = f"portOut {{ id status version availableActions }} {_ERRORS}"
_UPLOAD = f"upload {{ id url method headers {{ name value }} expiresAt }} {_ERRORS}"
_SHIELD = f"""
  portOutShield {{
    version
    portOutLock {{ state scope lockedAt by unlockAskedBy unlocksAt }}
    pin {{ setAt triesLeft blockedUntil }}
  }}
  {_ERRORS}
"""
_REPORT = (
    "portOutReport { id reportVersion answers { trackingNumber status } }"
    f" answers {{ trackingNumber code sentence status rejectionCode }} {_ERRORS}"
)
_MUTATIONS = {
    "createPortRequest": ("CreatePortRequestInput", _REQUEST),
    "createUpload": ("CreateUploadInput", _UPLOAD),
    "importLines": ("ImportLinesInput", _REQUEST),
    "addLine": ("AddLineInput", _REQUEST),
    "correctLine": ("CorrectLineInput", _REQUEST),
    "attachDocument": ("AttachDocumentInput", _REQUEST),
    "reviewDocument": ("ReviewDocumentInput", _REQUEST),
    "prepareLetter": ("PrepareLetterInput", _REQUEST),
    "sendLetter": ("SendLetterInput", _REQUEST),
    "revealPin": ("RevealPinInput", f"pin {_ERRORS}"),
    "signLetter": ("SignLetterInput", _REQUEST),
    "acknowledgeWarnings": ("PortRequestInput", _REQUEST),
    "submitPortRequest": ("PortRequestInput", _REQUEST),
    "renamePortRequest": ("RenamePortRequestInput", _REQUEST),
    "changePortRequestCompany": ("ChangePortRequestCompanyInput", _REQUEST),
    "declinePortRequest": ("DeclinePortRequestInput", _REQUEST),
    "createPortRequestFor": ("CreatePortRequestForInput", _REQUEST),
    "openSupportCase": ("OpenSupportCaseInput", _CASE),
    "postMessage": ("PostMessageInput", _CASE),
    "postInternalNote": ("PostInternalNoteInput", _CASE),
    "closeSupportCase": ("SupportCaseInput", _CASE),
    "authorizePortRequest": ("PortRequestInput", _REQUEST),
    "sendToCarrier": ("PortRequestInput", _REQUEST),
    "recordFirmDate": ("RecordFirmDateInput", _REQUEST),
    "recordPorted": ("RecordPortedInput", _REQUEST),
    "claimPortRequest": ("ClaimPortRequestInput", _REQUEST),
    "releasePortRequest": ("ReleasePortRequestInput", _REQUEST),
    "createCarrierOrder": ("CreateCarrierOrderInput", _REQUEST),
    "moveLinesToCarrierOrder": ("MoveLinesToCarrierOrderInput", _REQUEST),
    "mergeCarrierOrders": ("MergeCarrierOrdersInput", _REQUEST),
    "sendCarrierOrders": ("SendCarrierOrdersInput", _REQUEST),
    "recordCarrierReference": ("RecordCarrierReferenceInput", _REQUEST),
    "requestFirmDate": ("RequestFirmDateInput", _REQUEST),
    "recordRejection": ("RecordRejectionInput", _REQUEST),
    "recordConflict": ("RecordConflictInput", _REQUEST),
    "recordActivationFailure": ("RecordActivationFailureInput", _REQUEST),
    "recordNotPortable": ("RecordNotPortableInput", _REQUEST),
    "startActivation": ("NumbersOfRequestInput", _REQUEST),
    "recordSnapback": ("RecordSnapbackInput", _REQUEST),
    "recordCancellation": ("RecordCancellationInput", _REQUEST),
    "correctLines": ("CorrectLinesInput", _REQUEST),
    "dropLines": ("DropLinesInput", _REQUEST),
    "resubmitPortRequest": ("ResubmitPortRequestInput", _REQUEST),
    "cancelPortRequest": ("CancelPortRequestInput", _REQUEST),
    "authorizePortOut": ("PortOutInput", _PORT_OUT),
    "rejectPortOut": ("RejectPortOutInput", _PORT_OUT),
    "confirmPortOutRejection": ("ConfirmPortOutRejectionInput", _PORT_OUT),
    "overturnPortOutRejection": ("NotedPortOutInput", _PORT_OUT),
    "cancelPortOut": ("NotedPortOutInput", _PORT_OUT),
    "disputePortOut": ("DisputePortOutInput", _PORT_OUT),
    "refusePortOutDispute": ("NotedPortOutInput", _PORT_OUT),
    "recordPortOutReturned": ("RecordPortOutReturnedInput", _PORT_OUT),
    "reportPortOut": ("ReportPortOutInput", _REPORT),
    "withdrawPortOut": ("WithdrawPortOutInput", _REPORT),
    "settlePortOutAlert": (
        "SettlePortOutAlertInput",
        f"portOutAlert {{ id settledBy note }} {_ERRORS}",
    ),
    "schedulePortOut": ("SchedulePortOutInput", _PORT_OUT),
    "recordPortedOut": ("RecordPortedOutInput", _PORT_OUT),
    "confirmGainingCarrier": ("ConfirmGainingCarrierInput", _PORT_OUT),
    "recordTestCall": ("RecordTestCallInput", _PORT_OUT),
    "lockPortOut": ("PortOutLockInput", _SHIELD),
    "unlockPortOut": ("PortOutLockInput", _SHIELD),
    "setPortOutPin": ("SetPortOutPinInput", _SHIELD),
    "removePortOutPin": ("RemovePortOutPinInput", _SHIELD),
    "resetPortOutPinTries": ("ResetPortOutPinTriesInput", _SHIELD),
    "revealPortOutIdentifier": (
        "RevealPortOutIdentifierInput",
        f"portOutIdentifier {_ERRORS}",
    ),
}
