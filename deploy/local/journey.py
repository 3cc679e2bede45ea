"""One number's journey: from a CSV file to its first call, and out again to another carrier."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.local.demo_accounts import DemoAccount
from deploy.local.errors import StartError
from deploy.local.graph_client import GraphClient
from deploy.local.reports import Reporter

NUMBERS = ("+12125550142", "+13125550143", "+14155550144")
CSV = """\
tracking_number,forwarding_number,name,source,company
(212) 555-0142,+12125550199,Front desk,Google Ads,Downtown
312-555-0143,+12125550199,Billboard,Outdoor,Downtown
4155550144,+12125550199,Newsletter,E-mail,Uptown
"""
INVOICE = Path(__file__).with_name("invoice.pdf").read_bytes()
UNRELATED_CALLER = "+16175550177"
HEARD_SECONDS = 20


class Dashboard:
    """What the subscriptions have delivered so far, in the order of their coming."""

    def __init__(self, show: Callable[[dict[str, Any]], None]) -> None:
        self.heard: list[dict[str, Any]] = []
        self._show = show
        self._more = asyncio.Condition()

    async def take(self, event: dict[str, Any]) -> None:
        async with self._more:
            self.heard.append(event)
            self._show(event)
            self._more.notify_all()

    async def wait_for(self, event_type: str, count: int = 1) -> list[dict[str, Any]]:
        """Those of this type, once there are `count`."""

        def found() -> list[dict[str, Any]]:
            return [event for event in self.heard if event["event"] == event_type]

        try:
            async with asyncio.timeout(HEARD_SECONDS), self._more:
                await self._more.wait_for(lambda: len(found()) >= count)
        except TimeoutError:
            raise StartError(
                f"The dashboard did not hear {event_type} within {HEARD_SECONDS} s: "
                "look into the services' logs."
            ) from None
        return found()


@asynccontextmanager
async def open_dashboard(
    support: GraphClient, account_id: str, show: Callable[[dict[str, Any]], None]
) -> AsyncIterator[Dashboard]:
    """A support dashboard that watches one account."""
    dashboard = Dashboard(show)

    async def watch(events: AsyncIterator[dict[str, Any]]) -> None:
        async for event in events:
            await dashboard.take(event)
        raise StartError("A subscription ended before the journey did.")

    async with (
        support.listen("PortStatusChanged", accountId=account_id) as ports,
        support.listen("NumberStatusChanged", accountId=account_id) as numbers,
        asyncio.TaskGroup() as group,
    ):
        watching = [group.create_task(watch(ports)), group.create_task(watch(numbers))]
        yield dashboard
        for task in watching:
            task.cancel()


@dataclass(kw_only=True)
class Journey:
    """Each step an operation at the gateway, or a report from outside."""

    account: DemoAccount
    administrator: GraphClient
    support: GraphClient
    reporter: Reporter
    dashboard: Dashboard
    say: Callable[[str], None]
    request_id: str = field(default="", init=False)
    last_line: str = field(default="journey complete", init=False)

    async def run(self) -> None:
        await self.fill_in_a_request()
        await self.submit()
        await self.port_in()
        await self.receive_the_first_call()
        await self.port_out()

    async def fill_in_a_request(self) -> None:
        self.say("An administrator fills in a port request: numbers, invoice, letter.")
        made = await self.administrator.do(
            "CreatePortRequest",
            companyId=self.account.company_ids["Downtown"],
            name="Our three numbers",
            idempotencyKey="journey-create",
        )
        self.request_id = made["id"]
        number_list = await self._upload(
            "NUMBER_LIST", "numbers.csv", "text/csv", CSV.encode()
        )
        await self.administrator.do(
            "ImportLines", portRequestId=self.request_id, uploadId=number_list
        )
        invoice = await self._upload("DOCUMENT", "invoice.pdf", "application/pdf", INVOICE)
        await self.administrator.do(
            "AttachDocument", portRequestId=self.request_id, uploadId=invoice, kind="INVOICE"
        )
        await self.administrator.do("PrepareLetter", portRequestId=self.request_id, **LETTER)
        await self.administrator.do(
            "SignLetter", portRequestId=self.request_id, signerName="Ada Admin", consent=True
        )
        await self.administrator.do("AcknowledgeWarnings", portRequestId=self.request_id)

    async def submit(self) -> None:
        self.say("They submit it. It is signed, so numbers makes every line ring here.")
        await self.administrator.do(
            "SubmitPortRequest", portRequestId=self.request_id, idempotencyKey="journey-submit"
        )
        await self.dashboard.wait_for("porting.port_submitted.v1")
        await self.dashboard.wait_for("porting.review_started.v1")
        await self.dashboard.wait_for("porting.lines_preconfigured.v1")
        await self.dashboard.wait_for("porting.letter_sealed.v1")

    async def port_in(self) -> None:
        self.say("The port desk sends it; the losing carrier gives a date, then lets go.")
        await self.support.do("SendToCarrier", portRequestId=self.request_id)
        await self.support.do(
            "RecordFirmDate",
            portRequestId=self.request_id,
            # Not today: then the numbers would start to move before the carrier's word.
            firmDate=(datetime.now(UTC).date() + timedelta(days=1)).isoformat(),
            overrideReason="This carrier ports numbers on every day.",
        )
        await self.dashboard.wait_for("porting.port_approved.v1")
        await self.support.do(
            "RecordPorted",
            portRequestId=self.request_id,
            portedAt=datetime.now(UTC).isoformat(),
        )
        await self.dashboard.wait_for("porting.port_completed.v1")
        await self.dashboard.wait_for("numbers.number_ported_in.v1", len(NUMBERS))
        await self._expect_tab("PENDING", set(NUMBERS))

    async def receive_the_first_call(self) -> None:
        self.say("Somebody calls one of the numbers.")
        await self.reporter.report_call(NUMBERS[0], UNRELATED_CALLER)
        await self.dashboard.wait_for("numbers.first_call_received.v1")
        await self._expect_tab("ACTIVE", {NUMBERS[0]})
        await self._expect_tab("PENDING", set(NUMBERS[1:]))

    async def port_out(self) -> None:
        self.say("A gaining carrier asks for that number; the administrator lets it go.")
        await self.reporter.report_port_out(
            NUMBERS[:1],
            gaining_carrier="Northern Telephone",
            reference=f"PON-{self.request_id[-8:]}",
            answer_by=datetime.now(UTC) + timedelta(hours=48),
        )
        [received] = await self.dashboard.wait_for("porting.port_out_received.v1")
        port_out = received["subject"]
        now = datetime.now(UTC)
        await self.administrator.do("AuthorizePortOut", portOutId=port_out)
        await self.support.do(
            "SchedulePortOut", portOutId=port_out, firmDate=now.date().isoformat()
        )
        await self.dashboard.wait_for("numbers.number_porting_out.v1")
        await self.support.do(
            "RecordPortedOut", portOutId=port_out, portedOutAt=now.isoformat()
        )
        await self.dashboard.wait_for("numbers.number_ported_out.v1")
        number = {"portOutId": port_out, "trackingNumber": NUMBERS[0]}
        await self.administrator.do("ConfirmGainingCarrier", **number)
        await self.administrator.do(
            "RecordTestCall",
            **number,
            callingNumber=UNRELATED_CALLER,
            calledAt=datetime.now(UTC).isoformat(),
        )
        [left] = await self._read_tab("ACTIVE")
        await self.administrator.do("DisableTrackingNumber", trackingNumberId=left["id"])
        await self.dashboard.wait_for("numbers.number_disabled.v1")
        await self.dashboard.wait_for("porting.port_out_confirmed.v1")

    async def _upload(
        self, purpose: str, filename: str, content_type: str, content: bytes
    ) -> str:
        """The upload's id, once the bytes are there."""
        upload = await self.administrator.do(
            "CreateUpload",
            purpose=purpose,
            filename=filename,
            contentType=content_type,
            byteSize=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        headers = {header["name"]: header["value"] for header in upload["headers"]}
        async with httpx.AsyncClient() as client:
            answer = await client.request(
                upload["method"], upload["url"], content=content, headers=headers
            )
        answer.raise_for_status()
        return str(upload["id"])

    async def _read_tab(self, tab: str) -> list[dict[str, Any]]:
        answer = await self.administrator.ask("ReadTab", tab=tab)
        return [edge["node"] for edge in answer["trackingNumbers"]["edges"]]

    async def _expect_tab(self, tab: str, numbers: set[str]) -> None:
        shown = {node["phoneNumber"] for node in await self._read_tab(tab)}
        if shown != numbers:
            raise StartError(
                f"The {tab} tab shows {sorted(shown)} instead of {sorted(numbers)}."
            )


LETTER: dict[str, Any] = {
    "subscriberName": "Ada's Analytical Engines, Inc.",
    "isBusiness": True,
    "serviceAddress": {
        "street": "1 Byron Street",
        "city": "New York",
        "state": "NY",
        "postalCode": "10001",
        "country": "US",
    },
    "authorizedPerson": "Ada Admin",
    "authorizedPersonTitle": "Owner",
    "authorizedPersonEmail": "ada@customer.example",
    "losingCarrier": "Old Bell",
    "accountNumber": "4711-0815",
    "billingNumber": "+12125550142",
    "pinAnswer": "NO PIN REQUIRED",
}
