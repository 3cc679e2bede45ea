"""What porting's tests start from: valid unless a test says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from libs.common.caller import Login, Member, Role, Support
from libs.common.consumer import work_of
from libs.common.database import Database
from libs.common.dev_issuer import DEVELOPMENT_ISSUER
from libs.common.events import Event, EventRegistry, Fact, make_event
from libs.common.ids import new_id
from libs.common.vault import Vault
from libs.contracts.number_events import (
    AccountChanged,
    CompanyChanged,
    FirstCallReceived,
    MemberChanged,
    NumberDisabled,
    NumberPortedIn,
    NumbersPreconfigured,
    PreconfiguredNumber,
)
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.port_outs import PortOutReported
from libs.contracts.porting_events.registry import PORTING_EVENTS
from services.porting.consumers import CONSUMES
from services.porting.domain.calendars import add_business_days
from services.porting.domain.countries import Country, country_of
from services.porting.domain.documents import DocumentKind, Upload, UploadPurpose
from services.porting.domain.idling import IdleLimits
from services.porting.domain.letters import ServiceAddress, Subscriber
from services.porting.domain.line_rules import NewLine
from services.porting.domain.port_outs import PortOut, PortOutStatus
from services.porting.domain.requests import PortRequest, PortRequestStatus
from services.porting.domain.signing import LinkMaker
from services.porting.store import lines, port_outs, requests
from services.porting.store import uploads as upload_store
from services.porting.store.lines import Line
from services.porting.timers import timers_of
from services.porting.use_cases import (
    carrier,
    documents,
    drafts,
    importing,
    letter_signing,
    letters,
    submitting,
)
from services.porting.use_cases.letter_signing import Signing
from services.porting.use_cases.letters import LetterChanges

VAULT = Vault([b"1" * 32])
LINK_MAKER = LinkMaker("2" * 64)
A_SIGNING = Signing(signer_name="Ada Lovelace", consents=True)
OUTSIDE = PhoneNumber("+13125550100")
IDLE_LIMITS = IdleLimits(unfinished=timedelta(days=30), faulty=timedelta(days=45))
TIMERS = timers_of(IDLE_LIMITS)
_REGISTRY = EventRegistry(PORTING_EVENTS)
_WORK = work_of(CONSUMES)
_counter = count(1)


def now() -> datetime:
    return datetime.now(UTC)


def business_day(days: int = 7) -> date:
    """So many days ahead, or the next day on which carriers of the US port numbers."""
    return add_business_days(now().date() + timedelta(days=days), 0, "US")


def phone(place: int) -> PhoneNumber:
    return PhoneNumber(f"+1212555{place:04d}")


def login(subject: str) -> Login:
    return Login(
        issuer=DEVELOPMENT_ISSUER, subject=subject, expires_at=now() + timedelta(hours=1)
    )


SUPPORT = Support(login=login("desk"))


def a_member(role: str, **changes: Any) -> Member:
    member = Member(
        login=login("ada"), account_id="acc_1", member_id="mem_ada", role=Role(role)
    )
    return replace(member, **changes)


def a_request(**changes: Any) -> PortRequest:
    request = PortRequest(
        id="pr_1",
        account_id="acc_1",
        company_id="co_1",
        requester_id="mem_1",
        requester_name="Ada Lovelace",
        name="Move",
        status=PortRequestStatus.DRAFT,
        status_since=now(),
        created_at=now(),
        version=1,
    )
    return replace(request, **changes)


def a_port_out_row(**changes: Any) -> PortOut:
    port_out = PortOut(
        id="po_1",
        account_id="acc_1",
        gaining_carrier="New Telecom",
        reference="R-1",
        status=PortOutStatus.RECEIVED,
        received_at=now(),
        answer_by=now() + timedelta(days=1),
        version=1,
        status_since=now(),
        leaving_count=1,
    )
    return replace(port_out, **changes)


@dataclass(frozen=True, kw_only=True)
class House:
    """An account as porting knows it; managers and viewer have company `dental` only."""

    id: str
    dental: str
    garage: str
    administrator: Member
    second_administrator: Member
    manager: Member
    client_manager: Member
    second_client_manager: Member
    viewer: Member
    garage_manager: Member


@dataclass(kw_only=True)
class _Account:
    """Counts the account's events."""

    id: str
    events: list[Event] = field(default_factory=list)

    def say(self, fact: Fact) -> None:
        self.events.append(heard(fact, subject=self.id, sequence=len(self.events) + 1))

    def add_company(self, name: str) -> str:
        company_id = new_id("co")
        self.say(CompanyChanged(company_id=company_id, name=name))
        return company_id

    def add_member(self, role: Role, *company_ids: str) -> Member:
        member_id = new_id("mem")
        self.say(
            MemberChanged(
                member_id=member_id,
                name="Ada Lovelace",
                email="ada@example.com",
                role=role,
                company_ids=list(company_ids),
                login_issuer=DEVELOPMENT_ISSUER,
                login_subject=member_id,
                active=True,
            )
        )
        return Member(
            login=login(member_id),
            account_id=self.id,
            member_id=member_id,
            role=role,
            company_ids=frozenset(company_ids),
        )


def heard(fact: Fact, *, subject: str, sequence: int = 1) -> Event:
    return make_event(fact, subject=subject, sequence=sequence, traceparent=None, time=now())


async def hear(database: Database, *events: Event) -> None:
    """Each applied by what porting's consumers name for it, without broker and inbox."""
    for event in events:
        async with database.working() as connection:
            await _WORK[event.type].do(connection, event)


def account_changed(**changes: bool) -> AccountChanged:
    standing = {
        "card_on_file": True,
        "balance_current": True,
        "in_good_standing": True,
        "in_trial": False,
    }
    return AccountChanged(name="Acme", **{**standing, **changes})


async def found_house(database: Database, **standing: bool) -> House:
    account = _Account(id=new_id("acc"))
    account.say(account_changed(**standing))
    dental, garage = account.add_company("Dental"), account.add_company("Garage")
    house = House(
        id=account.id,
        dental=dental,
        garage=garage,
        administrator=account.add_member(Role.ADMINISTRATOR),
        second_administrator=account.add_member(Role.ADMINISTRATOR),
        manager=account.add_member(Role.MANAGER, dental),
        client_manager=account.add_member(Role.CLIENT_MANAGER, dental),
        second_client_manager=account.add_member(Role.CLIENT_MANAGER, dental),
        viewer=account.add_member(Role.VIEWER, dental),
        garage_manager=account.add_member(Role.MANAGER, garage),
    )
    await hear(database, *account.events)
    return house


def a_subscriber(**changes: Any) -> Subscriber:
    subscriber = Subscriber(
        name="Acme Dental LLC",
        is_business=True,
        service_address=ServiceAddress(
            street="1 Main Street",
            city="Albany",
            state="NY",
            postal_code="12207",
            country="US",
        ),
        authorized_person="Ada Lovelace",
        authorized_person_title="Owner",
        authorized_person_email="ada@example.com",
        losing_carrier="Old Telecom",
        account_number="A-1",
        billing_number=phone(100),
    )
    return replace(subscriber, **changes)


def letter_changes(
    subscriber: Subscriber | None = None, pin_answer: str | None = "N/A", **changes: Any
) -> LetterChanges:
    """A letter filled in at once."""
    given = dict(vars(subscriber or a_subscriber()))
    address = vars(given.pop("service_address"))
    return LetterChanges(subscriber=given, address=address, pin_answer=pin_answer, **changes)


def a_line(company_id: str, number: PhoneNumber, **changes: Any) -> NewLine:
    line = NewLine(
        id=new_id("ln"),
        tracking_number=number,
        forwarding_number=OUTSIDE,
        name="Spring flyer",
        source="Flyer",
        company_id=company_id,
    )
    return replace(line, **changes)


async def add_upload(
    database: Database, caller: Member, purpose: UploadPurpose = UploadPurpose.DOCUMENT
) -> Upload:
    """Stored, as its row says; its bytes are not in the file store."""
    upload = Upload(
        id=new_id("up"),
        account_id=caller.account_id,
        purpose=purpose,
        filename="invoice.pdf",
        content_type="application/pdf",
        byte_size=8,
        sha256="0" * 64,
        expires_at=now() + timedelta(minutes=15),
        stored_at=None,
    )
    async with database.transaction(caller) as connection:
        await upload_store.add_upload(connection, upload, caller.member_id)
        await upload_store.mark_stored(connection, upload.id, now())
    return upload


async def a_draft(
    database: Database, caller: Member, company_id: str, *, name: str = "Move"
) -> str:
    async with database.transaction(caller) as connection:
        return await drafts.create_request(
            connection, caller, company_id=company_id, name=name
        )


async def fill_lines(
    database: Database, caller: Member, request_id: str, added: Sequence[NewLine]
) -> None:
    upload = await add_upload(database, caller, UploadPurpose.NUMBER_LIST)
    async with database.transaction(caller) as connection:
        await importing.replace_lines(connection, caller, VAULT, request_id, added, upload)


async def sign(
    database: Database, caller: Member, request_id: str, *, reseller: str = ""
) -> None:
    async with database.transaction(caller) as connection:
        changes = letter_changes(a_subscriber(reseller=reseller))
        await letters.prepare_letter(connection, caller, request_id, VAULT, changes)
        await letter_signing.sign_letter(connection, caller, request_id, A_SIGNING)


async def a_full_draft(
    database: Database, caller: Member, company_id: str, added: Sequence[NewLine]
) -> str:
    """Ready to be submitted."""
    request_id = await a_draft(database, caller, company_id)
    await complete_draft(database, caller, request_id, added)
    return request_id


async def complete_draft(
    database: Database, caller: Member, request_id: str, added: Sequence[NewLine]
) -> None:
    await fill_lines(database, caller, request_id, added)
    upload = await add_upload(database, caller)
    async with database.transaction(caller) as connection:
        await documents.attach_document(
            connection,
            caller,
            request_id,
            kind=DocumentKind.INVOICE,
            file=documents.file_as_sent(upload),
        )
        await drafts.acknowledge_warnings(connection, caller, request_id)
    is_canadian = any(country_of(line.tracking_number) is Country.CA for line in added)
    await sign(database, caller, request_id, reseller="Northern" if is_canadian else "")


async def submit(database: Database, caller: Member, request_id: str) -> None:
    async with database.transaction(caller) as connection:
        await submitting.submit_request(connection, caller, request_id)


async def preconfigure(database: Database, request_id: str) -> dict[PhoneNumber, str]:
    """As `numbers` answers the review; the ids of the numbers in inventory."""
    ported = await lines_of(database, request_id)
    numbers = [
        PreconfiguredNumber(
            number_id=new_id("num"),
            line_id=line.id,
            tracking_number=line.tracking_number,
            company_id=line.company_id,
        )
        for line in ported
    ]
    fact = NumbersPreconfigured(
        account_id=ported[0].account_id, batch=1, of=1, numbers=numbers
    )
    await hear(database, heard(fact, subject=request_id, sequence=next(_counter)))
    return {number.tracking_number: number.number_id for number in numbers}


async def a_request_with_the_carrier(
    database: Database, house: House, numbers: Sequence[PhoneNumber]
) -> str:
    added = [a_line(house.dental, number) for number in numbers]
    request_id = await a_full_draft(database, house.administrator, house.dental, added)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    async with database.transaction(SUPPORT) as connection:
        await carrier.send_to_carrier(connection, SUPPORT, request_id)
    await let_pass(database, request_id, timedelta(hours=1))
    return request_id


async def let_pass(database: Database, request_id: str, time: timedelta) -> None:
    """As if what has happened to the request had happened so much earlier."""
    async with database.working() as connection:
        await connection.execute(
            """
            UPDATE port_requests
            SET sent_at = sent_at - $2::interval, idle_since = idle_since - $2::interval
            WHERE id = $1
            """,
            request_id,
            time,
        )


def first_call(
    house: House, request_id: str | None, number: PhoneNumber, called_at: datetime
) -> Event:
    fact = FirstCallReceived(
        account_id=house.id,
        company_id=house.dental,
        tracking_number=number,
        state="ACTIVE",
        port_request_id=request_id,
        called_at=called_at,
    )
    return heard(fact, subject=new_id("num"), sequence=2)


async def add_inventory(
    database: Database, house: House, number: PhoneNumber, *, company_id: str | None = None
) -> str:
    """A number of the account; answers its id."""
    number_id = new_id("num")
    fact = NumberPortedIn(
        account_id=house.id,
        company_id=company_id or house.dental,
        tracking_number=number,
        state="ACTIVE",
        port_request_id=None,
        ported_at=now(),
    )
    await hear(database, heard(fact, subject=number_id))
    return number_id


async def disable_number(
    database: Database, house: House, number_id: str, number: PhoneNumber
) -> Event:
    fact = NumberDisabled(
        account_id=house.id,
        company_id=house.dental,
        tracking_number=number,
        state="DISABLED",
        port_request_id=None,
        disabled_at=now(),
        disabled_by=house.administrator.member_id,
    )
    event = heard(fact, subject=number_id, sequence=9)
    await hear(database, event)
    return event


def port_out_reported(*numbers: PhoneNumber, reference: str = "R-1", **changes: Any) -> Event:
    fact = PortOutReported(
        **{
            "gaining_carrier": "New Telecom",
            "reference": reference,
            "tracking_numbers": list(numbers),
            "answer_by": now() + timedelta(days=1),
            **changes,
        }
    )
    return heard(fact, subject=reference)


async def a_port_out(
    database: Database, house: House, *numbers: PhoneNumber, reference: str = "R-1"
) -> str:
    await hear(database, port_out_reported(*numbers, reference=reference))
    async with database.working() as connection:
        found: str = await connection.fetchval(
            "SELECT id FROM port_outs WHERE account_id = $1 AND reference = $2",
            house.id,
            reference,
        )
    return found


async def request_of(database: Database, request_id: str) -> PortRequest:
    async with database.working() as connection:
        return (await requests.find_requests(connection, [request_id], None, None, None))[
            request_id
        ]


async def lines_of(database: Database, request_id: str) -> list[Line]:
    async with database.working() as connection:
        return await lines.find_all_lines(connection, request_id)


async def port_out_of(database: Database, port_out_id: str) -> PortOut:
    async with database.working() as connection:
        return (await port_outs.find_port_outs(connection, [port_out_id], None, None))[
            port_out_id
        ]


async def told(database: Database, subject: str) -> list[Event]:
    """The facts recorded about it, in order."""
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT body FROM outbox WHERE subject = $1 ORDER BY seq", subject
        )
    return [_REGISTRY.decode(row["body"]) for row in rows]


async def types_told(database: Database, subject: str) -> list[str]:
    """Without `porting.` and `.v1`; gapless from 1, or the test fails here."""
    events = await told(database, subject)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    return [event.type.split(".")[1] for event in events]
