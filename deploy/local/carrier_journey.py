"""The journey where an emulated carrier does what support would record of a real one."""

import asyncio
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from deploy.local.graph_client import GraphClient
from deploy.local.journey import NUMBERS, Journey

# What each character does on the way, as a reader of the demonstration should know it.
BECOMES = {
    "prompt": "It answers within the hour.",
    "slow": "It takes its time.",
    "silent": "It takes the order and says nothing.",
    "rejects_pin": "It refuses every order without a good PIN.",
    "changes_date": "It gives a date, and then another one.",
    "answers_twice_and_out_of_order": "It says everything twice, the last thing often first.",
    "date_in_two_hours": "Its date is two hours away.",
    "says_200_then_rejects": "It says 200, then shows a rejection to who looks, and calls nobody.",
}
WAITS = "journey waits: the losing carrier is silent"
WANTS_A_PIN = frozenset({"rejects_pin", "says_200_then_rejects"})
SILENCE_SECONDS = 5


@dataclass(kw_only=True)
class CarrierJourney(Journey):
    """`last_line` says how it ended: one character never lets go."""

    character: str

    @override
    async def run(self) -> None:
        await self.fill_in_a_request()
        await self.submit()
        await self.send()
        if self.character == "silent":
            await asyncio.sleep(SILENCE_SECONDS)
            await self.say_what_un_sticks_it()
            self.last_line = WAITS
            return
        if self.character in WANTS_A_PIN:
            await self.dashboard.wait_for("porting.action_required.v1")
            await self.say_what_un_sticks_it()
            await self.send_again()
        await self.dashboard.wait_for("porting.port_completed.v1")
        await self.dashboard.wait_for("numbers.number_ported_in.v1", len(NUMBERS))
        await self.receive_the_first_call()
        await self.port_out()

    async def send(self) -> None:
        self.say(f"The port desk sends it to an emulated carrier. {BECOMES[self.character]}")
        await self.support.do("SendToCarrier", portRequestId=self.request_id)

    async def send_again(self) -> None:
        self.say(
            "The administrator got a fresh PIN, writes it on the letter and sends it again."
        )
        request = {"portRequestId": self.request_id}
        await self.administrator.do("PrepareLetter", **request, pinAnswer="481516")
        await self.administrator.do(
            "CorrectLines",
            **request,
            corrections=[
                {"trackingNumber": number, "note": "A fresh PIN is on the letter."}
                for number in NUMBERS
            ],
        )
        await self.administrator.do("ResubmitPortRequest", **request)

    async def say_what_un_sticks_it(self) -> None:
        """As the customer reads it."""
        request = await self._read_turn(self.administrator)
        turn = request["waitingOn"]
        desk = await self._read_turn(self.support)
        self.say(
            f"The request is {request['status']} and waits on {turn['waitingOn']} "
            f"since {turn['since']}.\nWhat un-sticks it: {turn['remedy']}\n"
            f"The customer can do: {', '.join(request['availableActions']) or 'nothing'}; "
            f"the port desk: {', '.join(desk['availableActions']) or 'nothing'}."
        )

    async def _read_turn(self, reader: GraphClient) -> dict[str, Any]:
        answer = await reader.ask("ReadTurn", id=self.request_id)
        return dict(answer["portRequest"])
