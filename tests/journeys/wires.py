"""Wires between services and a server: cut, frozen, mended, and listened to by a test."""

import asyncio
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")
LOOPBACK = "127.0.0.1"
CHUNK = 65536


class Wire:
    """Carries TCP connections to `host`:`port` from a listen port of its own, on a thread."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._heard: dict[int, bytearray] | None = None
        self.listen_port = 0

    @contextmanager
    def laid(self) -> Iterator["Wire"]:
        self._thread.start()
        self.mend()
        try:
            yield self
        finally:
            self.cut()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop.close()

    def cut(self) -> None:
        """Connections break and new ones are refused."""
        self._call(self._cut())

    def mend(self) -> None:
        self._call(self._listen())

    def freeze(self) -> None:
        """Connections stay and say nothing."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def thaw(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    @contextmanager
    def listened_to(self) -> Iterator[dict[int, bytearray]]:
        """What clients send meanwhile, connection by connection."""
        self._heard = {}
        yield self._heard
        self._heard = None

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._open.set()
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._carry, LOOPBACK, self.listen_port)
        self.listen_port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _carry(self, here: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        there: asyncio.StreamWriter | None = None
        try:
            answers, there = await asyncio.open_connection(*self._to)
            ways = [
                asyncio.ensure_future(self._pass_on(here, there, hears=True)),
                asyncio.ensure_future(self._pass_on(answers, back, hears=False)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for writer in (back, there):
                if writer is not None:
                    with suppress(OSError):
                        writer.transport.abort()
            self._carrying.discard(task)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, hears: bool
    ) -> None:
        while chunk := await reader.read(CHUNK):
            await self._open.wait()
            if hears and self._heard is not None:
                self._heard.setdefault(id(writer), bytearray()).extend(chunk)
            writer.write(chunk)
            await writer.drain()


def count_statements(heard: dict[int, bytearray], role: str) -> int:
    """Statements of PostgreSQL's protocol inside transactions that took the role."""
    counted = 0
    for sent in heard.values():
        inside = False
        for kind, body in _messages(bytes(sent)):
            if kind == b"Q":
                inside = f"'{role}'".encode() in body
            counted += inside and kind in {b"Q", b"B"}
    return counted


def _messages(sent: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A kind, a length, a body, again and again; a new connection begins without kinds."""
    at = 0
    while sent[at : at + 1] == b"\0":
        (length,) = struct.unpack_from("!I", sent, at)
        at += length
    while at + 5 <= len(sent):
        (length,) = struct.unpack_from("!I", sent, at + 1)
        yield sent[at : at + 1], sent[at + 5 : at + 1 + length]
        at += 1 + length
