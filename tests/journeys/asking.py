"""Asking a gateway, or a subgraph at its own listen port, as anybody can: a POST or a socket."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

# Nothing here speaks TLS; a client that reads the authorities' certificates costs 25 ms.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

CODES = {
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "BAD_USER_INPUT",
    "RATE_LIMITED",
    "CONFLICT",
    "IDEMPOTENCY_KEY_REUSED",
    "IDEMPOTENCY_IN_PROGRESS",
    "UNAVAILABLE",
    "INTERNAL",
}


async def post(
    url: str,
    query: str,
    token: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    **variables: Any,
) -> httpx.Response:
    bearer = {} if token is None else {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(timeout=30, verify=NO_TLS) as client:
        return await client.post(
            f"{url}/graphql",
            json={"query": query, "variables": variables},
            headers={**bearer, **(headers or {})},
        )


async def ask(url: str, query: str, token: str | None = None, **variables: Any) -> Any:
    """The data of an answer without errors."""
    answer = (await post(url, query, token, **variables)).json()
    assert "errors" not in answer, answer
    return answer["data"]


def codes_of(answer: Mapping[str, Any]) -> list[str]:
    """The codes, after a look that an error says nothing beyond what api.md allows."""
    for error in answer.get("errors", ()):
        assert set(error) <= {"message", "path", "locations", "extensions"}
        assert set(error["extensions"]) == {"code", "requestId"}
        assert error["extensions"]["code"] in CODES
        assert error["extensions"]["requestId"]
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self, within: float = 10) -> dict[str, Any]:
        message = await asyncio.wait_for(self.connection.recv(), within)
        return dict(json.loads(message))

    async def subscribe(self, query: str, **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.send(id="1", type="subscribe", payload=payload)

    async def close_code(self, within: float = 10) -> int | None:
        """Reads until the other side closes; the code that it gives."""
        try:
            while True:
                await self.next(within)
        except ConnectionClosed as closed:
            return closed.rcvd and closed.rcvd.code


@asynccontextmanager
async def open_socket(
    url: str, token: str | None = None, **parameters: str
) -> AsyncIterator[Socket]:
    """A socket after connection_init and before the answer to it."""
    bearer = {} if token is None else {"authorization": f"Bearer {token}"}
    async with connect(
        f"{url.replace('http', 'ws', 1)}/graphql", subprotocols=["graphql-transport-ws"]
    ) as connection:
        socket = Socket(connection)
        await socket.send(type="connection_init", payload={**bearer, **parameters})
        yield socket


@asynccontextmanager
async def acknowledged(
    url: str, token: str | None = None, **parameters: str
) -> AsyncIterator[Socket]:
    async with open_socket(url, token, **parameters) as socket:
        assert (await socket.next())["type"] == "connection_ack"
        yield socket
