"""What numbers' tests start from: valid unless a test says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from libs.common.caller import Login, Member, Role, Support
from libs.common.database import Database
from libs.common.dev_issuer import DEVELOPMENT_ISSUER
from libs.common.events import Event, EventRegistry, Fact, make_event
from libs.common.ids import new_id
from libs.common.sight import EVERYTHING
from libs.contracts.number_events import NUMBER_EVENTS
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.lines import LinesReadied, ReadyLine
from services.numbers.domain.accounts import NewAccount, NewMember
from services.numbers.domain.tracking_numbers import NumberState, TrackingNumber
from services.numbers.store import accounts as account_store
from services.numbers.store.tracking_numbers import find_numbers
from services.numbers.use_cases.accounts import create_account
from services.numbers.use_cases.calls import receive_calls
from services.numbers.use_cases.preconfigurations import announce_lines, preconfigure_numbers
from services.numbers.use_cases.tracking_numbers import (
    disable_number,
    finish_port_out,
    port_in_numbers,
    start_port_out,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_REGISTRY = EventRegistry(NUMBER_EVENTS)
_ALL_AT_ONCE = account_store.Page(size=100)
_lines = count(1)


def login(subject: str = "somebody") -> Login:
    return Login(
        issuer=DEVELOPMENT_ISSUER,
        subject=subject,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


SUPPORT = Support(login=login("desk"))


def phone(place: int) -> PhoneNumber:
    return PhoneNumber(f"+1212555{place:04d}")


def a_number(**changes: Any) -> TrackingNumber:
    number = TrackingNumber(
        id="num_1",
        account_id="acc_1",
        company_id="co_1",
        version=0,
        state=NumberState.PRECONFIGURED,
        phone_number=phone(1),
        forwarding_number=PhoneNumber("+13125550100"),
        name="Spring flyer",
        source="Flyer",
        port_request_id="pr_1",
        line_id="ln_1",
    )
    return replace(number, **changes)


def new_member(role: Role = Role.ADMINISTRATOR, *companies: str, **changes: Any) -> NewMember:
    subject = changes.pop("login_subject", f"{role.lower()}-{next(_lines)}")
    member = NewMember(
        name="Ada Lovelace",
        email="ada@example.com",
        role=role,
        companies=companies,
        login_issuer=DEVELOPMENT_ISSUER,
        login_subject=subject,
    )
    return replace(member, **changes)


def new_account(**changes: Any) -> NewAccount:
    account = NewAccount(
        name="Acme",
        card_on_file=True,
        balance_current=True,
        in_good_standing=True,
        in_trial=False,
        companies=("Dental", "Garage"),
        members=(
            new_member(),
            new_member(Role.MANAGER, "Dental"),
            new_member(Role.CLIENT_MANAGER, "Dental"),
            new_member(Role.VIEWER, "Garage"),
        ),
    )
    return replace(account, **changes)


@dataclass(frozen=True, kw_only=True)
class House:
    """An account as it stands in the database; `companies` are ids by name."""

    id: str
    companies: dict[str, str]
    callers: dict[Role, Member]

    @property
    def administrator(self) -> Member:
        return self.callers[Role.ADMINISTRATOR]


async def found_account(database: Database, new: NewAccount | None = None) -> House:
    async with database.transaction(SUPPORT) as connection:
        account = await create_account(connection, new or new_account())
        companies = await account_store.find_pages_of_companies(
            connection, [account.id], EVERYTHING, _ALL_AT_ONCE
        )
        members = await account_store.find_pages_of_members(
            connection, [account.id], _ALL_AT_ONCE
        )
    return House(
        id=account.id,
        companies={each.name: each.id for each in companies[account.id].rows},
        callers={
            each.role: Member(
                login=Login(
                    issuer=each.login_issuer,
                    subject=each.login_subject,
                    expires_at=login().expires_at,
                ),
                account_id=account.id,
                member_id=each.id,
                role=each.role,
                company_ids=frozenset(each.company_ids),
            )
            for each in members[account.id].rows
        },
    )


def a_line(company_id: str, number: PhoneNumber, **changes: Any) -> ReadyLine:
    line = {
        "line_id": new_id("ln"),
        "tracking_number": number,
        "forwarding_number": "+13125550100",
        "name": "Spring flyer",
        "source": "Flyer",
        "company_id": company_id,
    }
    return ReadyLine.model_validate(line | changes)


def readied(
    house: House, lines: Sequence[ReadyLine], *, batch: int = 1, of: int = 1
) -> LinesReadied:
    return LinesReadied(**request_state(house), lines=list(lines), batch=batch, of=of)


def request_state(house: House) -> dict[str, Any]:
    return {
        "account_id": house.id,
        "company_id": "",
        "requester_id": "",
        "name": "Move",
        "status": "IN_REVIEW",
        "line_counts": {},
    }


def port_out_state(house: House, numbers: Sequence[PhoneNumber]) -> dict[str, Any]:
    return {
        "account_id": house.id,
        "company_ids": [],
        "status": "",
        "gaining_carrier": "Other",
        "tracking_numbers": list(numbers),
    }


async def review(
    database: Database,
    house: House,
    lines: Sequence[ReadyLine],
    *,
    port_request_id: str = "pr_1",
    sequence: int = 5,
) -> None:
    """What porting says when a request comes into review, and our answer."""
    async with database.working() as connection:
        await announce_lines(connection, port_request_id, sequence, readied(house, lines))
        await preconfigure_numbers(connection, port_request_id, house.id, sequence + 1)
        # What the tests tell of happened around NOON.
        await connection.execute(
            "UPDATE tracking_numbers SET added_at = $1 WHERE port_request_id = $2",
            NOON - timedelta(days=30),
            port_request_id,
        )


async def add_number(
    database: Database,
    house: House,
    number: PhoneNumber,
    *,
    company: str = "Dental",
    source: str = "Flyer",
    state: NumberState = NumberState.PRECONFIGURED,
) -> TrackingNumber:
    """By the way that leads to `state`; DISABLED and what follows has no way here."""
    line = a_line(house.companies[company], number, source=source)
    await review(database, house, [line], port_request_id=new_id("pr"))
    async with database.working() as connection:
        if state is not NumberState.PRECONFIGURED:
            await port_in_numbers(connection, house.id, {line.line_id: NOON})
        if state not in {NumberState.PRECONFIGURED, NumberState.AWAITING_FIRST_CALL}:
            await receive_calls(connection, [number], [NOON])
        if state in {NumberState.PORTING_OUT, NumberState.PORTED_OUT}:
            await start_port_out(connection, house.id, "po_1", [number])
        if state is NumberState.PORTED_OUT:
            await finish_port_out(connection, house.id, "po_1", [number], NOON)
    found = await numbers_by_phone(database)
    return found[number]


async def disable(database: Database, number: TrackingNumber) -> TrackingNumber:
    async with database.working() as connection:
        return await disable_number(
            connection,
            number.id,
            sight=EVERYTHING,
            disabled_by="support",
            expected_version=None,
        )


async def numbers_by_phone(database: Database) -> dict[PhoneNumber, TrackingNumber]:
    async with database.working() as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM tracking_numbers")]
        found = await find_numbers(connection, ids, EVERYTHING)
    return {number.phone_number: number for number in found.values()}


async def told(database: Database, subject: str | None = None) -> list[Event]:
    """The events that were recorded, in order; of one aggregate, or all."""
    async with database.working() as connection:
        rows = await connection.fetch(
            "SELECT body FROM outbox WHERE $1::text IS NULL OR subject = $1 ORDER BY seq",
            subject,
        )
    return [_REGISTRY.decode(row["body"]) for row in rows]


def heard(fact: Fact, *, subject: str, sequence: int = 1) -> Event:
    return make_event(
        fact, subject=subject, sequence=sequence, traceparent=None, time=datetime.now(UTC)
    )
