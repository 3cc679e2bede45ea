"""Subscriptions over graphql-transport-ws: who asks is named once, and a token's end is the end."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from json import JSONDecodeError
from typing import Any, Final, cast

import orjson
from opentelemetry.trace import SpanKind
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.aio import aclosing
from typing_extensions import override

from libs.common.caller import AccountNotChosen, Anonymous, Caller, login_of
from libs.common.graphql.context import Context
from libs.common.graphql.errors import error_answer, log_fault
from libs.common.graphql.execution import SharedData
from libs.common.graphql.gateway_hop import SOCKET_PARAMETER
from libs.common.graphql.requests import LONGEST_BODY, RefusedRequest, parse_request
from libs.common.telemetry import name_operation
from libs.common.tokens import Unauthenticated
from libs.common.tracing import span

# Without a token a socket may only hear that it needs one.
_ANONYMOUS_S = 60
_SLOWEST_GOODBYE_S = 5
_LONGEST_ID = 128
_LONGEST_REASON = 120
_FORBIDDEN: Final = 4403
_INVALID: Final = 4400
_TOO_LARGE: Final = 1009
_TRY_AGAIN: Final = 1013


class BoundedSocket(ASGIWebSocketAdapter):
    @override
    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        while self.ws.application_state != WebSocketState.DISCONNECTED:
            try:
                text = await self.ws.receive_text()
            except WebSocketDisconnect:
                return
            except KeyError as fault:
                raise NonTextMessageReceived from fault
            if len(text) > LONGEST_BODY:
                await self.close(_TOO_LARGE, "Message too large")
                return
            try:
                yield self.view.decode_json(text)
            except JSONDecodeError as fault:
                raise NonJsonMessageReceived from fault

    @override
    async def send_json(self, message: Mapping[str, object]) -> None:
        if self.ws.application_state == WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected
        await super().send_json(message)

    async def send_text(self, text: str) -> None:
        """A message that is JSON already."""
        if self.ws.application_state == WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected
        try:
            await self.ws.send_text(text)
        except WebSocketDisconnect as gone:
            raise WebSocketDisconnected from gone

    @override
    async def close(self, code: int, reason: str) -> None:
        # A longer reason does not fit into the frame and would break the connection instead.
        short = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        with suppress(WebSocketDisconnect, RuntimeError):
            await super().close(code, short)


class SocketHandler(BaseGraphQLTransportWSHandler[Context[Any], None]):
    """One socket. `view` is the `GraphEndpoint`."""

    _caller: Caller = Anonymous()
    _not_chosen: AccountNotChosen | None = None
    # A timer, not a task that sleeps: thousands of sockets wait for hours.
    _end: asyncio.TimerHandle | None = None
    _ending: asyncio.Task[None] | None = None

    @override
    async def handle_message(self, message: Message) -> None:
        received = cast("Any", message)
        if not isinstance(received, dict):
            await self.handle_invalid_message("A message is an object")
            return
        operation_id = received.get("id", "")
        if not isinstance(operation_id, str) or len(operation_id) > _LONGEST_ID:
            await self.handle_invalid_message("An id is a short text")
            return
        await super().handle_message(message)

    @override
    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        payload: Any = message.get("payload")
        if payload is None:
            payload = {}
        if not self.connection_init_received and isinstance(payload, dict):
            authorization = _find_text(payload, "authorization")
            view = cast("Any", self.view)
            try:
                view.check_socket_hop(authorization, _find_text(payload, SOCKET_PARAMETER))
                self._caller = await view.callers.resolve(
                    authorization, _find_text(payload, "x-portline-account")
                )
            except AccountNotChosen as refusal:
                # Each operation is told, with the code that it would get over HTTP.
                self._not_chosen = refusal
            except Unauthenticated as refusal:
                await self.websocket.close(_FORBIDDEN, str(refusal))
                return
            except Exception as fault:  # noqa: BLE001 - the edge of a socket
                log_fault(fault)
                await self.websocket.close(_TRY_AGAIN, "Try again later")
                return
        await super().handle_connection_init({**message, "payload": payload})
        if self.connection_acknowledged and self._end is None:
            loop = asyncio.get_running_loop()
            self._end = loop.call_later(self._seconds_left(), self._begin_to_end)

    @override
    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        # The operation's task begins here and keeps the name.
        with name_operation(_find_traceparent(message)):
            if self.connection_acknowledged:
                try:
                    if self._not_chosen is not None:
                        raise self._not_chosen
                    parse_request(message["payload"])
                except (AccountNotChosen, RefusedRequest) as refusal:
                    await self._send_refusal(message["id"], refusal)
                    return
            await super().handle_subscribe(message)

    @override
    async def run_operation(self, operation: Operation[Context[Any], None]) -> None:
        try:
            await self._run(operation)
        except WebSocketDisconnected:
            # The socket went away between two messages; its reader ends the rest.
            return
        except Exception as fault:  # noqa: BLE001 - the edge of an operation
            log_fault(fault)
            await self._send_refusal(operation.id, fault, operation)

    async def _run(self, operation: Operation[Context[Any], None]) -> None:
        view = cast("Any", self.view)
        # Only how it begins is a step of its trace: it may last for days.
        with span("subscription", SpanKind.SERVER):
            # The role may have been taken away since the socket was opened.
            caller = await view.callers.refresh(self._caller)
        results: AsyncGenerator[Any, None] = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=view.context_for(caller, is_live=True),
            operation_name=operation.operation_name,
            allowed_operation_types=(OperationType.SUBSCRIPTION,),
        )
        socket = cast("BoundedSocket", self.websocket)
        beginning = f'{{"id":{orjson.dumps(operation.id).decode()},"type":"next","payload":'
        async with aclosing(results):
            async for result in results:
                if isinstance(result, PreExecutionError):
                    await operation.send_initial_errors(result.errors or [])
                    return
                if type(result.data) is not SharedData:
                    await operation.send_next(result)
                elif not operation.completed:
                    await socket.send_text(f"{beginning}{result.data.payload}}}")
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    @override
    async def shutdown(self) -> None:
        if self._end is not None:
            self._end.cancel()
        if self._ending is not None:
            self._ending.cancel()
            with suppress(asyncio.CancelledError):
                await self._ending
        await super().shutdown()

    @override
    async def handle_invalid_message(self, error_message: str) -> None:
        await self.websocket.close(_INVALID, error_message)

    def _seconds_left(self) -> float:
        login = login_of(self._caller)
        if login is None:
            return _ANONYMOUS_S
        return max(0, (login.expires_at - datetime.now(UTC)).total_seconds())

    def _begin_to_end(self) -> None:
        self._ending = asyncio.create_task(self._end_with_token())

    async def _end_with_token(self) -> None:
        with suppress(WebSocketDisconnected, TimeoutError):
            async with asyncio.timeout(_SLOWEST_GOODBYE_S):
                await self._complete_all()
        await self.websocket.close(_FORBIDDEN, "The access token has expired.")

    async def _complete_all(self) -> None:
        for operation in list(self.operations.values()):
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
            if operation.task is not None:
                operation.task.cancel()

    async def _send_refusal(
        self,
        operation_id: str,
        refusal: Exception,
        operation: Operation[Context[Any], None] | None = None,
    ) -> None:
        errors = error_answer(refusal)["errors"]
        with suppress(WebSocketDisconnected):
            send = operation.send_operation_message if operation else self.send_message
            await send({"id": operation_id, "type": "error", "payload": errors})


def _find_traceparent(message: SubscribeMessage) -> str | None:
    """In `extensions`, where the gateway writes it: a socket's headers are of no one operation."""
    payload: Any = message.get("payload")
    extensions = payload.get("extensions") if isinstance(payload, dict) else None
    return _find_text(extensions, "traceparent") if isinstance(extensions, dict) else None


def _find_text(payload: Mapping[str, object], name: str) -> str | None:
    """Header names are written in any case, also where they travel in a payload."""
    for key, value in payload.items():
        if key.lower() == name and isinstance(value, str):
            return value
    return None
