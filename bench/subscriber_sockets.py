"""Thousands of subscribers in one process: sockets that cost so little that the server is measured."""

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import orjson
from typing_extensions import override

from deploy.local.listen_ports import LOOPBACK

_AT_A_TIME: Final = 50
_SHORT, _LONG = 126, 127
_TEXT, _PING, _PONG = 1, 9, 10


class Audience:
    """All of one program's subscribers."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.first_text = ""
        self._missing = 0
        self._last: asyncio.Future[float] | None = None

    def expect_one_each(self) -> asyncio.Future[float]:
        """Done when everybody has one more message: at which instant."""
        assert not self._missing
        self._missing = self.size
        self._last = asyncio.get_running_loop().create_future()
        return self._last

    def receive(self, text: bytes) -> None:
        if self._missing == self.size:
            self.first_text = text.decode(errors="replace")
        self._missing -= 1
        if self._missing == 0 and self._last is not None:
            self._last.set_result(time.perf_counter())

    def lose(self, loss: Exception) -> None:
        if self._last is not None and not self._last.done():
            self._last.set_exception(loss)


class SubscriberSocket(asyncio.Protocol):
    """As a browser opens it, extensions and all; messages are counted, not read."""

    def __init__(self, audience: Audience, token: str, query: str) -> None:
        self._audience = audience
        self._token = token
        self._query = query
        self._received = bytearray()
        self._is_open = False
        self._is_subscribed = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            "GET /graphql HTTP/1.1",
            f"Host: {LOOPBACK}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: graphql-transport-ws",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        )
        self.transport.write("\r\n".join([*lines, "", ""]).encode())

    @override
    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        if not self._is_open:
            head, found, rest = bytes(received).partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._is_open = True
            received[:] = rest
            authorization = {"authorization": f"Bearer {self._token}"}
            self._send({"type": "connection_init", "payload": authorization})
        while (end := _end_of_frame(received)) is not None:
            start, stop = end
            self._take(received[0] & 15, bytes(received[start:stop]))
            del received[:stop]

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        loss = exc or ConnectionError("the server closed a socket")
        if not self.ready.done():
            self.ready.set_exception(loss)
        self._audience.lose(loss)

    def _take(self, kind: int, text: bytes) -> None:
        if kind == _PING:
            self._send_frame(_PONG, text)
        if kind != _TEXT:
            return
        if self._is_subscribed:
            self._audience.receive(text)
            return
        self._is_subscribed = True
        payload = {"query": self._query, "variables": {}}
        self._send({"id": "1", "type": "subscribe", "payload": payload})
        self.ready.set_result(None)

    def _send(self, message: object) -> None:
        self._send_frame(_TEXT, orjson.dumps(message))

    def _send_frame(self, kind: int, text: bytes) -> None:
        """Masked, as a client must; the mask of zeros leaves the text as it is."""
        assert len(text) < 1 << 16
        length = (
            bytes([0x80 | len(text)])
            if len(text) < _SHORT
            else bytes([0x80 | _SHORT]) + len(text).to_bytes(2, "big")
        )
        self.transport.write(bytes([0x80 | kind]) + length + bytes(4) + text)


def _end_of_frame(received: bytearray) -> tuple[int, int] | None:
    """Where the first frame's content begins and ends, once all of it is there."""
    if len(received) < 2:
        return None
    length, start = received[1], 2
    if length == _SHORT:
        length, start = int.from_bytes(received[2:4], "big"), 4
    assert length != _LONG, "no event is that long"
    return (start, start + length) if len(received) >= start + length else None


@asynccontextmanager
async def open_audience(
    listen_port: int, size: int, *, token: str, query: str
) -> AsyncIterator[Audience]:
    audience = Audience(size)
    loop = asyncio.get_running_loop()
    sockets: list[SubscriberSocket] = []
    try:
        while len(sockets) < size:
            opened = await asyncio.gather(
                *(
                    loop.create_connection(
                        lambda: SubscriberSocket(audience, token, query), LOOPBACK, listen_port
                    )
                    for _ in range(min(_AT_A_TIME, size - len(sockets)))
                )
            )
            sockets += [socket for _, socket in opened]
            await asyncio.gather(*(socket.ready for _, socket in opened))
        yield audience
    finally:
        for socket in sockets:
            socket.transport.abort()
