"""Asking the gateway as a page would: one POST, or one graphql-transport-ws socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.gateway.issuer import bearer
from tests.gateway.processes import Gateway

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


def ask(
    gateway: Gateway,
    query: str,
    headers: Mapping[str, str] | None = None,
    **variables: Any,
) -> httpx.Response:
    """One operation; ada's token unless headers say otherwise."""
    return httpx.post(
        gateway.url,
        json={"query": query, "variables": variables},
        headers=bearer() if headers is None else headers,
        timeout=20,
    )


def codes_of(answer: Mapping[str, Any]) -> list[str]:
    """The codes, after a look that an error says nothing beyond what api.md allows."""
    for error in answer["errors"]:
        assert set(error) <= {"message", "path", "locations", "extensions"}
        assert set(error["extensions"]) == {"code", "requestId"}
        assert error["extensions"]["code"] in CODES
        assert error["extensions"]["requestId"]
    return [error["extensions"]["code"] for error in answer["errors"]]


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self, within: float = 5) -> dict[str, Any]:
        """The next message; asks within seconds, so that a silent gateway fails the test."""
        text = await asyncio.wait_for(self.connection.recv(), within)
        message: dict[str, Any] = json.loads(text)
        return message

    async def close_code(self) -> int | None:
        """Reads until the gateway closes the socket; the code it gives."""
        try:
            while True:
                await self.next(10)
        except ConnectionClosed as closed:
            return closed.rcvd and closed.rcvd.code

    async def subscribe(self, query: str, id: str = "1", **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.send(id=id, type="subscribe", payload=payload)


@asynccontextmanager
async def open_socket(
    gateway: Gateway, params: Mapping[str, Any] | None = None
) -> AsyncIterator[Socket]:
    """A socket after connection_init and before the answer to it."""
    async with connect(
        gateway.socket_url, subprotocols=["graphql-transport-ws"]
    ) as connection:
        socket = Socket(connection)
        await socket.send(
            type="connection_init", payload=bearer() if params is None else params
        )
        yield socket


@asynccontextmanager
async def acknowledged(
    gateway: Gateway, params: Mapping[str, Any] | None = None
) -> AsyncIterator[Socket]:
    async with open_socket(gateway, params) as socket:
        assert (await socket.next())["type"] == "connection_ack"
        yield socket
