"""Whoever stands at the other end of an adapter: what it was told, and a way to make it speak."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import httpx
from starlette.applications import Starlette

from deploy.emulator.app import CarrierEmulator
from deploy.emulator.signatures import sign
from libs.common.database import Database
from services.porting.integrations.carriers.desk import Desk
from services.porting.integrations.carriers.emulator import Emulator
from services.porting.integrations.carriers.protocol import Carrier
from services.porting.routes.files import carrier_routes
from services.porting.store import requests
from services.porting.use_cases import carrier as desk_use_cases
from services.porting.use_cases.pins import keep_pins
from services.porting.use_cases.telling import Pace
from services.porting.workers import CarrierWorker
from tests.porting.builders import SUPPORT, VAULT

SECRET = "s" * 64
BRISK = Pace(
    lease=timedelta(seconds=0),
    first_retry=timedelta(seconds=0),
    first_look=timedelta(milliseconds=20),
)


class Counterpart(Protocol):
    """`breaks_down` makes it unreachable where that can be."""

    adapter: Carrier
    breaks_down: bool

    async def told(self, request_id: str) -> list[int]:
        """The versions of its one carrier order that reached it, once each."""

    async def say_firm_date(self, request_id: str, day: date, *, again: int = 1) -> None: ...

    async def say_ported(self, request_id: str, at: datetime, *, again: int = 1) -> None: ...

    async def close(self) -> None: ...


class Person:
    """At the port desk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.adapter: Carrier = Desk()
        self.breaks_down = False

    async def told(self, request_id: str) -> list[int]:
        """What lies before them."""
        return [
            row["order_version"]
            for row in await messages_of(self._database, request_id)
            if row["state"] == "by_hand"
        ]

    async def say_firm_date(self, request_id: str, day: date, *, again: int = 1) -> None:
        for _ in range(again):
            async with self._database.transaction(SUPPORT) as connection:
                await desk_use_cases.record_firm_date(
                    connection, SUPPORT, request_id, day, None
                )

    async def say_ported(self, request_id: str, at: datetime, *, again: int = 1) -> None:
        for _ in range(again):
            async with self._database.transaction(SUPPORT) as connection:
                await desk_use_cases.record_ported(connection, SUPPORT, request_id, at, None)

    async def close(self) -> None:
        pass


class Emulated:
    """The emulator in this process: both sides speak HTTP, through no socket."""

    def __init__(
        self,
        database: Database,
        character: str = "silent",
        *,
        seed: int = 1,
        hour_s: float = 0.05,
    ) -> None:
        self._database = database
        self._count = 0
        self.breaks_down = False
        self.door = open_callbacks(database, "emulator")
        self.emulator = CarrierEmulator(
            character,
            secret=SECRET,
            callback_url="http://porting/carriers/emulator/callbacks",
            seed=seed,
            hour_s=hour_s,
            client=self.door,
        )
        self.adapter: Carrier = Emulator(
            "http://emulator", SECRET, client=httpx.AsyncClient(transport=_Line(self))
        )

    @property
    def book(self) -> dict[str, Any]:
        return self.emulator.book.orders

    async def told(self, request_id: str) -> list[int]:
        order = self.book.get(await order_of(self._database, request_id))
        return [each["version"] for each in order.told] if order else []

    async def say_firm_date(self, request_id: str, day: date, *, again: int = 1) -> None:
        await self._say(request_id, again, type="firm_date", firmDate=day.isoformat())

    async def say_ported(self, request_id: str, at: datetime, *, again: int = 1) -> None:
        await self._say(request_id, again, type="ported", portedAt=at.isoformat())

    async def close(self) -> None:
        await self.emulator.close()
        await self.adapter.close()

    async def _say(self, request_id: str, again: int, **said: Any) -> None:
        self._count += 1
        order_id = await order_of(self._database, request_id)
        body = a_message(f"m-{self._count}", order_id, **said)
        for _ in range(again):
            answer = await call_back(self.door, body)
            assert answer.status_code == 200
        await work(
            CarrierWorker(
                database=self._database, carrier=self.adapter, pace=BRISK, vault=VAULT
            )
        )


class _Line(httpx.AsyncBaseTransport):
    """The adapter's way to the emulator: cut while it breaks down."""

    def __init__(self, counterpart: Emulated) -> None:
        self._counterpart = counterpart
        self._inner = httpx.ASGITransport(counterpart.emulator.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._counterpart.breaks_down:
            raise httpx.ReadTimeout("no answer", request=request)
        return await self._inner.handle_async_request(request)


def open_callbacks(database: Database, name: str) -> httpx.AsyncClient:
    """Where the carrier of that name calls back."""
    adapter: Carrier = Desk() if name == "desk" else Emulator("http://emulator", SECRET)
    app = Starlette(routes=carrier_routes(database, adapter, VAULT))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://porting")


def a_message(message_id: str, reference: str, **said: Any) -> bytes:
    message = {
        "id": message_id,
        "order": reference,
        "saidAt": datetime.now(UTC).isoformat(),
        "type": "accepted",
    } | said
    return json.dumps(message).encode()


async def call_back(
    door: httpx.AsyncClient,
    body: bytes,
    *,
    secret: str = SECRET,
    name: str = "emulator",
    age_s: float = 0,
) -> httpx.Response:
    at = datetime.now(UTC).timestamp() - age_s
    signed = sign(secret, json.loads(body)["id"], body, at)
    return await door.post(f"/carriers/{name}/callbacks", content=body, headers=signed)


async def work(worker: CarrierWorker, rounds: int = 20) -> None:
    """Until nothing is left to hear, and what is due now was told."""
    for _ in range(rounds):
        told = await worker.tell_one()
        heard = await worker.hear_one()
        if not told and not heard:
            return


async def order_of(database: Database, request_id: str) -> str:
    """The id of the request's one carrier order."""
    async with database.working() as connection:
        found: str = await connection.fetchval(
            "SELECT id FROM carrier_orders WHERE port_request_id = $1", request_id
        )
    return found


async def messages_of(database: Database, request_id: str) -> Sequence[Any]:
    async with database.working() as connection:
        return await connection.fetch(
            "SELECT * FROM carrier_messages WHERE port_request_id = $1 ORDER BY seq",
            request_id,
        )


async def set_pin(database: Database, pin: str) -> None:
    """On every letter there is."""
    async with database.working() as connection:
        rows = await connection.fetch("SELECT id FROM port_requests")
        found = await requests.find_requests(
            connection, [row["id"] for row in rows], None, None, None
        )
        for request in found.values():
            await keep_pins(connection, request, VAULT, {request.id: pin})
