"""The door of a service's graph: POST with JSON, and graphql-transport-ws for subscriptions."""

from datetime import timedelta
from typing import Any, Generic, TypeVar

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.graphql import OperationType
from typing_extensions import override

from libs.common.caller import (
    AccountNotChosen,
    Anonymous,
    Caller,
    CallerResolver,
)
from libs.common.database import Database
from libs.common.graphql.context import Context
from libs.common.graphql.errors import (
    ErrorCode,
    error_answer,
    log_fault,
    sentence_and_code,
)
from libs.common.graphql.gateway_hop import GatewayHop
from libs.common.graphql.requests import (
    GraphRequest,
    RefusedRequest,
    read_request,
)
from libs.common.graphql.schema import Graph
from libs.common.graphql.sockets import BoundedSocket, SocketHandler
from libs.common.tokens import Unauthenticated

Room = TypeVar("Room")

_HTTP_OPERATIONS = (OperationType.QUERY, OperationType.MUTATION)
# Variables are read before anybody's rights are looked at, and a telephone number costs 50 µs.
_MOST_OF_NOBODY = 16_384
_REFUSALS = (RefusedRequest, Unauthenticated, AccountNotChosen)


class GraphEndpoint(GraphQL[Context[Any], None], Generic[Room]):
    """An ASGI app to mount at /graphql.

    `gateway_secret` demands the gateway's signature on every request; without it anybody with
    a good token may ask.
    """

    websocket_adapter_class = BoundedSocket
    graphql_transport_ws_handler_class = SocketHandler

    def __init__(
        self,
        graph: Graph,
        *,
        callers: CallerResolver,
        database: Database,
        room: Room,
        gateway_secret: str | None = None,
    ) -> None:
        super().__init__(
            graph,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=10),
            multipart_uploads_enabled=False,
            # The gateway carries all subscriptions of one token over one socket.
            max_subscriptions_per_connection=None,
        )
        self.callers = callers
        self._database = database
        self._room = room
        self._hop = GatewayHop(gateway_secret) if gateway_secret else None

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            asked = await read_request(request)
            self.check_hop(asked)
            caller = await self.callers.resolve(
                request.headers.get("authorization"),
                request.headers.get("x-portline-account"),
            )
            if isinstance(caller, Anonymous):
                _refuse_much(asked)
            return await self._execute(asked, caller)
        except _REFUSALS as refusal:
            return _refuse(refusal)
        except ClientDisconnect:
            raise
        except Exception as fault:  # noqa: BLE001 - the edge: masked here, told in the log
            log_fault(fault)
            return _refuse(fault)

    async def _execute(self, asked: GraphRequest, caller: Caller) -> Response:
        try:
            result = await self.schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=self.context_for(caller),
                operation_name=asked.operation_name,
                allowed_operation_types=_HTTP_OPERATIONS,
                operation_extensions=asked.extensions,
            )
        except MissingQueryError:
            raise RefusedRequest(400, "`query` is missing.") from None
        except CannotGetOperationTypeError:
            raise RefusedRequest(400, "There is no operation of that name.") from None
        except InvalidOperationTypeError:
            raise RefusedRequest(400, "Subscriptions need a WebSocket.") from None
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return Response(orjson.dumps(answer), media_type="application/json")

    def check_hop(self, asked: GraphRequest) -> None:
        """Raises `Unauthenticated` for what did not come through the gateway."""
        if self._hop is None:
            return
        if not self._hop.is_signed(asked.query, asked.variables, asked.extensions):
            raise Unauthenticated("not signed by the gateway")

    def check_socket_hop(self, authorization: str | None, signature: str | None) -> None:
        """Raises `Unauthenticated` for a socket that the gateway did not open."""
        if self._hop and not self._hop.is_socket_signed(authorization, signature):
            raise Unauthenticated("not signed by the gateway")

    def context_for(self, caller: Caller, *, is_live: bool = False) -> Context[Room]:
        return Context(
            caller=caller,
            callers=self.callers,
            database=self._database,
            room=self._room,
            is_live=is_live,
        )

    @override
    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context[Any]:
        """A socket's context until `connection_init` names the caller."""
        return self.context_for(Anonymous(), is_live=True)

    @override
    def decode_json(self, data: str | bytes) -> object:
        """Refuses what is nested too deeply; Python's own reader would run out of stack."""
        return orjson.loads(data)

    @override
    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()


def _refuse_much(asked: GraphRequest) -> None:
    """Raises `RefusedRequest`: who sees nothing has nothing long to say."""
    if len(orjson.dumps(asked.variables)) > _MOST_OF_NOBODY:
        sentence = f"Without an account, variables have at most {_MOST_OF_NOBODY} bytes."
        raise RefusedRequest(413, sentence)


def _refuse(refusal: Exception) -> Response:
    headers = {}
    match refusal:
        case RefusedRequest():
            status = refusal.status
            if status == 405:  # noqa: PLR2004 - HTTP's own word
                headers["allow"] = "POST"
        case AccountNotChosen():
            status = 400
        case Unauthenticated():
            status = 401
            headers["www-authenticate"] = "Bearer"
        case _:
            is_outage = sentence_and_code(refusal)[1] is ErrorCode.UNAVAILABLE
            status = 503 if is_outage else 500
    return Response(
        orjson.dumps(error_answer(refusal)),
        status_code=status,
        headers=headers,
        media_type="application/json",
    )
