"""The emulated carrier's HTTP API: take an order, correct it, cancel it, show it; and its calls."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from deploy.emulator.characters import CHARACTERS
from deploy.emulator.orders import OrderBook
from deploy.emulator.signatures import is_signed, sign

log = logging.getLogger(__name__)

TRIES = 5
FIRST_DELAY_S = 0.2


class CarrierEmulator:
    """Calls `callback_url` back. `client` only in tests: there porting is in the same process."""

    def __init__(
        self,
        character: str,
        *,
        secret: str,
        callback_url: str,
        seed: int = 1,
        hour_s: float = 1.0,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._secret = secret
        self._callback_url = callback_url
        self._client = client or httpx.AsyncClient(timeout=5)
        self.book = OrderBook(
            CHARACTERS[character], seed=seed, hour_s=hour_s, call_back=self._call_back
        )
        self.app = Starlette(
            routes=[
                Route("/healthz", self._is_alive),
                Route("/orders/{reference}", self._take_order, methods=["PUT"]),
                Route("/orders/{reference}", self._show, methods=["GET"]),
                Route(
                    "/orders/{reference}/supplements", self._take_supplement, methods=["POST"]
                ),
                Route("/orders/{reference}/cancellations", self._cancel, methods=["POST"]),
            ],
            lifespan=self._live,
        )

    async def close(self) -> None:
        await self.book.close()
        await self._client.aclose()

    @asynccontextmanager
    async def _live(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        await self.close()

    async def _is_alive(self, _request: Request) -> JSONResponse:
        return JSONResponse({"alive": True})

    async def _take_order(self, request: Request) -> JSONResponse:
        return await self._take(request, is_supplement=False)

    async def _take_supplement(self, request: Request) -> JSONResponse:
        return await self._take(request, is_supplement=True)

    async def _take(self, request: Request, *, is_supplement: bool) -> JSONResponse:
        body = await request.body()
        if not is_signed(self._secret, request.headers, body):
            return JSONResponse({"error": "not signed"}, status_code=401)
        key = request.headers["idempotency-key"]
        answer = self.book.find_answer(key)
        if answer is None:
            told = _read(request, body)
            answer = self.book.take(key, told, is_supplement=is_supplement)
        return JSONResponse(answer)

    async def _cancel(self, request: Request) -> JSONResponse:
        body = await request.body()
        if not is_signed(self._secret, request.headers, body):
            return JSONResponse({"error": "not signed"}, status_code=401)
        order = self.book.orders.get(request.path_params["reference"])
        if order is None:
            return JSONResponse({"error": "no such order"}, status_code=404)
        key = request.headers["idempotency-key"]
        answer = self.book.find_answer(key)
        if answer is None:
            answer = self.book.cancel(key, order, _read(request, body))
        return JSONResponse(answer)

    async def _show(self, request: Request) -> JSONResponse:
        if not is_signed(self._secret, request.headers, b""):
            return JSONResponse({"error": "not signed"}, status_code=401)
        order = self.book.orders.get(request.path_params["reference"])
        if order is None:
            return JSONResponse({"error": "no such order"}, status_code=404)
        return JSONResponse(
            {
                "lastModified": order.last_modified,
                "isOver": order.is_over,
                "said": order.said,
            }
        )

    async def _call_back(self, message_id: str, body: bytes) -> None:
        """Tries a few times; whoever missed it sees it when they look."""
        for attempt in range(TRIES):
            try:
                answer = await self._client.post(
                    self._callback_url,
                    content=body,
                    headers={
                        "content-type": "application/json",
                        **sign(self._secret, message_id, body),
                    },
                )
            except httpx.HTTPError as error:
                log.warning("callback %s failed: %s", message_id, type(error).__name__)
            else:
                if answer.is_success:
                    return
                log.warning("callback %s was answered %s", message_id, answer.status_code)
            await asyncio.sleep(FIRST_DELAY_S * 4**attempt)


def _read(request: Request, body: bytes) -> Mapping[str, Any]:
    told: Mapping[str, Any] = json.loads(body)
    assert told["order"] == request.path_params["reference"]
    return told
