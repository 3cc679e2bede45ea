"""The emulated carrier's order book, in memory: what came, and what was said of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from deploy.emulator.characters import PORTED_NOW, Character, Step, Visit

LAST_WORDS = frozenset({"ported", "cancelled"})
CallBack = Callable[[str, bytes], Awaitable[None]]


@dataclass(kw_only=True)
class Order:
    """`said` is all that the carrier has said so far; `told` counts what reached it.

    What was `given_up` it says nothing more of, but that it is cancelled.
    """

    reference: str
    version: int
    numbers: list[str]
    told: list[Mapping[str, Any]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    script: list[asyncio.Task[None]] = field(default_factory=list)
    given_up: set[str] = field(default_factory=set)
    changes: int = 1

    @property
    def last_modified(self) -> str:
        return f"change-{self.changes}"

    @property
    def is_over(self) -> bool:
        ended = [each for each in self.said if each["type"] in LAST_WORDS]
        said_of = {number for message in ended for number in message["numbers"]}
        return bool(ended) and said_of >= {*self.numbers}


class OrderBook:
    """`hour_s` is how many real seconds one of the carrier's hours takes."""

    def __init__(
        self, character: Character, *, seed: int, hour_s: float, call_back: CallBack
    ) -> None:
        self._character = character
        self._random = Random(seed)  # noqa: S311 - a script, no secret
        self._hour_s = hour_s
        self._call_back = call_back
        self._answers: dict[str, dict[str, Any]] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self.orders: dict[str, Order] = {}

    def find_answer(self, key: str) -> dict[str, Any] | None:
        """What was answered under this key before: nothing is taken twice."""
        return self._answers.get(key)

    def take(
        self, key: str, told: Mapping[str, Any], *, is_supplement: bool
    ) -> dict[str, Any]:
        order = self.orders.get(told["order"])
        if order is None:
            order = Order(
                reference=told["order"], version=told["version"], numbers=told["numbers"]
            )
            self.orders[order.reference] = order
        order.given_up -= {*told["numbers"]}
        visit = Visit(is_supplement=is_supplement, pin=told["pin"])
        return self._start(key, order, told, self._character(visit, self._random))

    def cancel(self, key: str, order: Order, told: Mapping[str, Any]) -> dict[str, Any]:
        """Whoever keeps silent keeps silent here, too."""
        order.given_up |= {*told["numbers"]}
        visit = Visit(is_supplement=False, pin=None)
        speaks = bool(self._character(visit, self._random))
        return self._start(key, order, told, [Step(after=1, type="cancelled")] * speaks)

    async def close(self) -> None:
        tasks = [
            *self._calls,
            *(task for each in self.orders.values() for task in each.script),
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(
        self, key: str, order: Order, told: Mapping[str, Any], steps: list[Step]
    ) -> dict[str, Any]:
        order.version = told["version"]
        order.told.append(told)
        script = self._run(order, told["numbers"], steps)
        order.script.append(asyncio.get_running_loop().create_task(script))
        answer = {"lastModified": order.last_modified}
        self._answers[key] = answer
        return answer

    async def _run(self, order: Order, numbers: list[str], steps: list[Step]) -> None:
        passed = 0.0
        version = order.version
        for step in steps:
            await asyncio.sleep((step.after - passed) * self._hour_s)
            passed = step.after
            is_last = step.type == "cancelled"
            left = [each for each in numbers if is_last or each not in order.given_up]
            if not left:
                return
            message = _say(order, version, left, step)
            if step.calls_back:
                self._call(message, step)

    def _call(self, message: dict[str, Any], step: Step) -> None:
        body = json.dumps(message).encode()

        async def call(delay: float) -> None:
            await asyncio.sleep(delay * self._hour_s)
            await self._call_back(message["id"], body)

        for delay in step.delays:
            task = asyncio.get_running_loop().create_task(call(delay))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)


def _say(order: Order, version: int, numbers: list[str], step: Step) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    said = {"portedAt": now} if step.said is PORTED_NOW else step.said
    order.changes += 1
    message = {
        "id": f"{order.reference}-{order.changes}",
        "order": order.reference,
        "version": version,
        "saidAt": now,
        "numbers": numbers,
        "type": step.type,
        **{name: str(given) for name, given in said.items()},
    }
    order.said.append(message)
    return message
