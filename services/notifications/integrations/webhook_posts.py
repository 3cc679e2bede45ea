"""Posting to customers' receivers: to the address that was judged, within one time, nowhere else.

Receivers are strangers, and so is whoever names them. A name is looked up once for each connection
and connected to at the very address that was found public; TLS and Host still bear the name. No
redirect is followed, no proxy of the environment is used, and of an answer a little is read.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Final, TypeAlias

import httpcore
from typing_extensions import override

from services.notifications.domain.webhook_deliveries import (
    Answer,
    AttemptFault,
    read_answer,
)
from services.notifications.domain.webhook_urls import (
    UrlFault,
    UrlRules,
    WebhookUrl,
    tokens_in,
)

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

_LOOKUPS: Final = 64
_LOOKUP_S: Final = 5.0
_CONNECT_S: Final = 5.0
_BODY_S: Final = 2.0
_MOST_READ: Final = 16_384
_MOST_ADDRESSES: Final = 3
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


class AddressNotAllowedError(Exception):
    """Its name stands for nothing, or for an address that is not a customer's to name.

    One fault, or customers learned by trying which names our own network knows.
    """


class Resolver:
    """On threads of its own: names that nobody answers for hold up no other part.

    Who has stopped waiting leaves the thread to its lookup, which may take half a minute: so a
    name has one thread, however often it is asked for meanwhile.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="webhook-names")
        self._asked: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def resolve(self, host: str, listen_port: int) -> Sequence[str]:
        name = host, listen_port
        asked = self._asked.get(name)
        if asked is None:
            loop = asyncio.get_running_loop()
            asked = loop.run_in_executor(self._threads, _look_up, host, listen_port)
            self._asked[name] = asked
            asked.add_done_callback(lambda done: self._forget(name, done))
        return await asyncio.shield(asked)

    def _forget(self, name: tuple[str, int], done: asyncio.Future[Sequence[str]]) -> None:
        del self._asked[name]
        if not done.cancelled():
            done.exception()  # perhaps nobody waits for it any more


class AddressGate:
    """What a name stands for now, where all of it may be connected to."""

    def __init__(self, rules: UrlRules, resolve: Resolve | None = None) -> None:
        self.rules = rules
        self._resolve = resolve or Resolver().resolve

    async def find_addresses(self, host: str, listen_port: int) -> Sequence[str]:
        """Raises `AddressNotAllowedError`."""
        addresses: Sequence[str]
        if _is_address(host):
            addresses = [host]
        else:
            try:
                async with asyncio.timeout(_LOOKUP_S):
                    addresses = await self._resolve(host, listen_port)
            except (OSError, UnicodeError, TimeoutError):
                raise AddressNotAllowedError from None
        if not addresses or not all(self.rules.may_connect(each) for each in addresses):
            raise AddressNotAllowedError
        return addresses

    async def find_fault(self, url: WebhookUrl) -> UrlFault | None:
        """For whoever names the URL, before anything is sent there."""
        try:
            await self.find_addresses(url.host, url.listen_port)
        except AddressNotAllowedError:
            return UrlFault.ADDRESS
        return None


class GatedBackend(httpcore.AsyncNetworkBackend):
    """Connects through the gate only."""

    def __init__(self, gate: AddressGate) -> None:
        self._gate = gate
        self._backend = httpcore.AnyIOBackend()

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._gate.find_addresses(host, port)
        fault: Exception = AddressNotAllowedError()
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return await self._backend.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault


class Line:
    """A connection to one receiver, kept while there is something to post."""

    def __init__(
        self, pool: httpcore.AsyncConnectionPool, url: WebhookUrl, timeout_s: float
    ) -> None:
        self._pool = pool
        self._url = httpcore.URL(
            scheme=url.scheme, host=url.host, port=url.listen_port, target=url.target
        )
        self._host = _host_header(url)
        self._tokens = [each.encode() for each in tokens_in(url)]
        self._timeout_s = timeout_s

    async def post(self, headers: Mapping[str, str], body: str) -> Answer:
        """Whatever the receiver does, it ends in time."""
        content = body.encode()
        given = {
            "host": self._host,
            "user-agent": "Portline-Webhooks/1",
            "content-type": "application/json",
            "content-length": str(len(content)),
            **headers,
        }
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(given, content)
        except (TimeoutError, httpcore.TimeoutException):
            return Answer(fault=AttemptFault.TIMEOUT)
        except AddressNotAllowedError:
            return Answer(fault=AttemptFault.ADDRESS_NOT_ALLOWED)
        except (httpcore.NetworkError, OSError):
            return Answer(fault=AttemptFault.NO_CONNECTION)
        except httpcore.ProtocolError:
            return Answer(fault=AttemptFault.BROKEN_ANSWER)

    async def _post(self, headers: Mapping[str, str], content: bytes) -> Answer:
        async with self._pool.stream(
            "POST",
            self._url,
            headers=list(headers.items()),
            content=content,
            extensions={"timeout": {"connect": _CONNECT_S}},
        ) as response:
            body = await _read_some(response)
        # Some repeat the URL that they refuse, and an excerpt is kept and shown.
        for token in self._tokens:
            body = body.replace(token, "…".encode())
        # Names come as the receiver wrote them.
        found = {name.lower(): value for name, value in response.headers}
        retry_after = found.get(b"retry-after")
        return read_answer(
            response.status,
            body,
            retry_after.decode("ascii", errors="replace") if retry_after else None,
        )


class Poster:
    def __init__(
        self,
        gate: AddressGate,
        *,
        timeout_s: float,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.gate = gate
        self._backend = GatedBackend(gate)
        self._timeout_s = timeout_s
        self._ssl_context = ssl_context or ssl.create_default_context()

    @asynccontextmanager
    async def open(self, url: WebhookUrl) -> AsyncIterator[Line]:
        async with httpcore.AsyncConnectionPool(
            ssl_context=self._ssl_context,
            max_connections=1,
            network_backend=self._backend,
        ) as pool:
            yield Line(pool, url, self._timeout_s)


async def _read_some(response: httpcore.Response) -> bytes:
    """What comes at once, and no more: the status has said what there is to know."""
    body = b""
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) >= _MOST_READ:
                    break
    except (TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
        return body
    return body


def _look_up(host: str, listen_port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, listen_port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _host_header(url: WebhookUrl) -> str:
    host = f"[{url.host}]" if ":" in url.host else url.host
    if url.listen_port == _DEFAULT_PORTS[url.scheme]:
        return host
    return f"{host}:{url.listen_port}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
