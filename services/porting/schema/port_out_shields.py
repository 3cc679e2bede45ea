"""Port-out shields in the graph: locks, what is known of the PIN, and the record."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol, Self, TypeAlias

import strawberry

from libs.common.caller import Caller, Member, Role, Support
from libs.common.graphql.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    connection_of,
    page_of,
)
from libs.common.graphql.enums import publish_enum
from libs.common.graphql.pages import load_pages
from libs.common.paging import Page, Slice
from libs.common.sight import sight_of
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import port_out_shield as domain
from services.porting.domain.history import shown_actor
from services.porting.domain.port_out_pins import PinTries
from services.porting.domain.port_out_shield import (
    LockScope,
    LockState,
    ShieldAct,
    longest_of,
)
from services.porting.schema.context import PortingContext, PortingInfo
from services.porting.store import port_out_locks as lock_store
from services.porting.store import port_out_shields as shield_store
from services.porting.store.port_out_shields import ShieldRecord

publish_enum(
    LockState,
    name="PortOutLockState",
    description="Whether a port-out lock holds.",
    values={
        LockState.LOCKED: "A gaining carrier's report is refused.",
        LockState.UNLOCKING: "Still refused, until `unlocksAt`; locking again takes it back.",
        LockState.UNLOCKED: "No lock stands in a port-out's way.",
    },
)
publish_enum(
    LockScope,
    name="PortOutLockScope",
    description="What a port-out lock covers.",
    values={LockScope.ACCOUNT: "Every number.", LockScope.NUMBER: "One number."},
)
publish_enum(
    ShieldAct,
    name="PortOutShieldAct",
    description="What was done to a port-out shield.",
    values={
        ShieldAct.LOCKED: "Numbers, or the whole account, were locked.",
        ShieldAct.UNLOCK_ASKED: "Somebody asked to unlock; it opens after the cooling-off.",
        ShieldAct.UNLOCKED: "The cooling-off passed.",
        ShieldAct.PIN_SET: "A new PIN.",
        ShieldAct.PIN_REMOVED: "No PIN is asked for any more.",
        ShieldAct.PIN_WRONG: "A gaining carrier wrote a wrong PIN.",
        ShieldAct.PIN_BLOCKED: "Too many wrong PINs: every one is refused for a day.",
        ShieldAct.PIN_TRIES_RESET: "The PIN may be tried anew.",
        ShieldAct.IDENTIFIER_REVEALED: "The account identifier was read.",
    },
)
# The page that is asked of the records of the account with this id.
PageKey: TypeAlias = tuple[str, Page]


class HasId(Protocol):
    id: strawberry.ID


@strawberry.type(description="What keeps numbers from being ported out.")
class PortOutLock:
    state: LockState = strawberry.field(description="Whether it holds.")
    scope: LockScope = strawberry.field(description="What it covers.")
    locked_at: datetime | None = strawberry.field(description="Since when; null if unlocked.")
    by: str | None = strawberry.field(description="A member's id, or `support`.")
    unlock_asked_by: str | None = strawberry.field(
        description="Who asked to unlock it: a member's id, or `support`."
    )
    unlocks_at: datetime | None = strawberry.field(
        description="When a pending unlock takes effect."
    )

    @classmethod
    def of(cls, locks: Iterable[domain.PortOutLock], otherwise: LockScope) -> Self:
        """Of several, the one that holds longest."""
        now = datetime.now(UTC)
        lock = longest_of(locks, now)
        if lock is None:
            return cls(
                state=LockState.UNLOCKED,
                scope=otherwise,
                locked_at=None,
                by=None,
                unlock_asked_by=None,
                unlocks_at=None,
            )
        return cls(
            state=lock.state_at(now),
            scope=lock.scope,
            locked_at=lock.locked_at,
            by=shown_actor(lock.locked_by),
            unlock_asked_by=lock.unlock_asked_by and shown_actor(lock.unlock_asked_by),
            unlocks_at=lock.unlocks_at,
        )


@strawberry.type(description="What is known of the account's port-out PIN; never the PIN.")
class PortOutPin:
    set_at: datetime | None = strawberry.field(
        description="When it was set; null where none is asked for."
    )
    tries_left: int = strawberry.field(
        description="Wrong ones that are still heard, over all reports of gaining carriers."
    )
    blocked_until: datetime | None = strawberry.field(
        description="Until then every PIN is refused; null while tries are left."
    )


@strawberry.type(description="One thing that was done to a port-out shield.")
class PortOutShieldRecord:
    at: datetime = strawberry.field(description="When.")
    act: ShieldAct = strawberry.field(description="What.")
    by: str = strawberry.field(description="A member's id, `support` or `system`.")
    tracking_numbers: list[PhoneNumber] = strawberry.field(
        description="The numbers it was about; none where it was about the account."
    )
    reason: str | None = strawberry.field(description="Why, where somebody said so.")

    @classmethod
    def of(cls, record: ShieldRecord) -> Self:
        return cls(
            at=record.at,
            act=record.act,
            by=shown_actor(record.actor),
            tracking_numbers=list(record.tracking_numbers),
            reason=record.reason,
        )


@strawberry.type(
    description="What an account has set against port-outs that nobody of it wants."
)
class PortOutShield:
    account_id: strawberry.Private[str]
    version: int = strawberry.field(description="Counts its events.")
    port_out_lock: PortOutLock = strawberry.field(description="The lock of the whole account.")
    pin: PortOutPin = strawberry.field(description="The account's PIN.")

    @strawberry.field(description="Who did what to it, newest first.")
    async def records(
        self,
        info: PortingInfo,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[PortOutShieldRecord]:
        page = page_of(
            shield_store.RECORDS, first=first, after=after, last=last, before=before
        )
        found = await info.context.loader(load_record_pages).load((self.account_id, page))
        return connection_of(found.map(PortOutShieldRecord.of))


@strawberry.type
class ShieldedAccount:
    id: strawberry.ID = strawberry.field(description="`acc_…`.")

    @strawberry.field(description="For its administrators and for support; else null.")
    async def port_out_shield(self, info: PortingInfo) -> PortOutShield | None:
        return await info.context.loader(load_shields).load(self.id)


async def lock_of_number(root: HasId, info: PortingInfo) -> PortOutLock | None:
    return await info.context.loader(load_number_locks).load(root.id)


async def load_shields(
    context: PortingContext, account_ids: list[str]
) -> Sequence[PortOutShield | None]:
    """None for who is no administrator of the account; one without any has nothing set."""
    seen = [each for each in account_ids if _is_in_charge(context.caller, each)]
    async with context.database.reading(context.caller) as connection:
        shields = await shield_store.find_shields(connection, seen)
        locks = await lock_store.find_account_locks(connection, seen)
    return [
        _shield(each, shields.get(each), locks.get(each)) if each in seen else None
        for each in account_ids
    ]


async def load_number_locks(
    context: PortingContext, number_ids: list[str]
) -> Sequence[PortOutLock | None]:
    """None for a number that the caller does not see."""
    sight = sight_of(context.caller)
    assert sight is not None
    async with context.database.reading(context.caller) as connection:
        found = await lock_store.find_locks_of_numbers(
            connection, number_ids, sight.account_id, sight.company_ids
        )
    return [
        PortOutLock.of(found[each], LockScope.NUMBER) if each in found else None
        for each in number_ids
    ]


async def load_record_pages(
    context: PortingContext, keys: list[PageKey]
) -> Sequence[Slice[ShieldRecord]]:
    """Of shields that the caller has been shown."""
    async with context.database.reading(context.caller) as connection:
        return await load_pages(
            keys, lambda ids, page: shield_store.find_record_pages(connection, ids, page)
        )


def _is_in_charge(caller: Caller, account_id: str) -> bool:
    return isinstance(caller, Support) or (
        isinstance(caller, Member)
        and caller.role is Role.ADMINISTRATOR
        and caller.account_id == account_id
    )


def _shield(
    account_id: str, shield: domain.PortOutShield | None, lock: domain.PortOutLock | None
) -> PortOutShield:
    now = datetime.now(UTC)
    tries = shield.tries if shield else PinTries()
    return PortOutShield(
        account_id=account_id,
        version=shield.version if shield else 0,
        port_out_lock=PortOutLock.of([lock] if lock else [], LockScope.ACCOUNT),
        pin=PortOutPin(
            set_at=shield.pin_set_at if shield else None,
            tries_left=tries.left_at(now),
            blocked_until=tries.blocked_until_at(now),
        ),
    )
