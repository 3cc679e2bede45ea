"""What customers change of numbers: one, or many at once; all of them or none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.common import outbox
from libs.common.database import Connection
from libs.common.paging import Page
from libs.common.sight import Sight
from libs.contracts.number_events import NumberChanged, NumberDetails
from libs.contracts.refusals import Refusal, Refused, refuse_all
from services.numbers.domain.inventory import InventoryFilter, NumberOrder
from services.numbers.domain.number_changes import (
    MOST_NUMBERS,
    NumberChanges,
    clean_changes,
    find_faults,
)
from services.numbers.domain.refusals import (
    CompanyNotInAccount,
    ForwardingLoop,
    NoNumbers,
    NumberNotFound,
    TooManyNumbers,
    VersionConflict,
)
from services.numbers.domain.tracking_numbers import TrackingNumber
from services.numbers.store import tracking_numbers as store
from services.numbers.store.accounts import find_companies
from services.numbers.store.turns import take_turn
from services.numbers.use_cases.inventory import list_inventory
from services.numbers.use_cases.tracking_numbers import (
    log_change,
    public_state,
    record_disabled,
)


@dataclass(frozen=True, kw_only=True)
class Actor:
    """`name` is a member's id or "support"."""

    name: str
    sight: Sight


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Numbers by their ids, or by a filter that finds them."""

    number_ids: Sequence[str] | None = None
    filter: InventoryFilter | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeRules:
    allow_fictional: bool = False


async def change_number(
    connection: Connection,
    actor: Actor,
    number_id: str,
    changes: NumberChanges,
    *,
    expected_version: int | None,
    rules: ChangeRules,
) -> TrackingNumber:
    """Raises `Refused` with every fault, or `NumberNotFound`."""
    changes = clean_changes(changes)
    faults = list(find_faults(changes, allow_fictional=rules.allow_fictional))
    await _await_turn(connection, changes)
    found = await store.lock_numbers(connection, [number_id], actor.sight)
    if number_id not in found:
        raise NumberNotFound().at("input", "trackingNumberId")
    before = found[number_id]
    if expected_version not in {None, before.version}:
        raise VersionConflict().at("input", "expectedVersion")
    faults += await _find_faults_with_others(connection, actor, changes, [before])
    faults += _find_faults_of_each(
        [before], changes.apply_to, {number_id: ("input", "trackingNumberId")}
    )
    refuse_all(faults)
    after = changes.apply_to(before)
    await _save_and_record(connection, actor, changes, [(before, after)])
    return after


async def change_numbers(
    connection: Connection,
    actor: Actor,
    choice: Choice,
    changes: NumberChanges,
    *,
    rules: ChangeRules,
    is_trial: bool,
) -> list[TrackingNumber]:
    """As they are afterwards, or would be. Raises `Refused` with every fault of every number."""
    changes = clean_changes(changes)
    faults = list(find_faults(changes, allow_fictional=rules.allow_fictional))
    await _await_turn(connection, changes)
    chosen, places = await _lock_chosen(connection, actor, choice, faults)
    faults += await _find_faults_with_others(connection, actor, changes, chosen)
    faults += _find_faults_of_each(chosen, changes.apply_to, places)
    refuse_all(faults)
    pairs = [(number, changes.apply_to(number)) for number in chosen]
    if not is_trial:
        await _save_and_record(connection, actor, changes, pairs)
    return [after for _, after in pairs]


async def disable_numbers(
    connection: Connection, actor: Actor, choice: Choice, *, is_trial: bool
) -> list[TrackingNumber]:
    """As they are afterwards, or would be. Raises `Refused` with every fault of every number."""
    now = datetime.now(UTC)
    faults: list[Refusal] = []
    chosen, places = await _lock_chosen(connection, actor, choice, faults)
    faults += _find_faults_of_each(chosen, lambda each: each.disable(actor.name, now), places)
    refuse_all(faults)
    disabled = [number.disable(actor.name, now) for number in chosen]
    if not is_trial:
        await record_disabled(connection, disabled)
    return disabled


async def _lock_chosen(
    connection: Connection, actor: Actor, choice: Choice, faults: list[Refusal]
) -> tuple[list[TrackingNumber], dict[str, tuple[str, ...]]]:
    """Those that are seen, and each one's place in the input; the others become faults."""
    if (choice.number_ids is None) is (choice.filter is None) or choice.number_ids == []:
        raise Refused([*faults, NoNumbers().at("input", "trackingNumberIds")])
    places: dict[str, tuple[str, ...]]
    if choice.number_ids is not None:
        if len(choice.number_ids) > MOST_NUMBERS:
            raise Refused(
                [*faults, TooManyNumbers(MOST_NUMBERS).at("input", "trackingNumberIds")]
            )
        places = {}
        for index, number_id in enumerate(choice.number_ids):
            places.setdefault(number_id, ("input", "trackingNumberIds", str(index)))
    else:
        assert choice.filter is not None
        listed = await list_inventory(
            connection,
            actor.sight,
            choice.filter,
            NumberOrder.NEWEST_FIRST,
            Page(size=MOST_NUMBERS),
        )
        if listed.has_next:
            raise Refused([*faults, TooManyNumbers(MOST_NUMBERS).at("input", "filter")])
        places = {number.id: ("input", "filter", number.id) for number in listed.rows}
    found = await store.lock_numbers(connection, list(places), actor.sight)
    faults += [
        NumberNotFound().at(*place)
        for number_id, place in places.items()
        if number_id not in found
    ]
    return [found[each] for each in places if each in found], places


async def _await_turn(connection: Connection, changes: NumberChanges) -> None:
    """Before any row is locked: numbers that come in meanwhile would not be seen."""
    if changes.forwarding_number is not None:
        await take_turn(connection)


async def _find_faults_with_others(
    connection: Connection,
    actor: Actor,
    changes: NumberChanges,
    numbers: Sequence[TrackingNumber],
) -> list[Refusal]:
    """What inventory and companies have against it; of a chain no second number is ours."""
    faults: list[Refusal] = []
    forwarding = changes.forwarding_number
    if forwarding is not None and await store.is_live(connection, forwarding):
        faults.append(ForwardingLoop().at("input", "forwardingNumber"))
    if changes.company_id is not None:
        found = await find_companies(connection, [changes.company_id], actor.sight)
        company = found.get(changes.company_id)
        if company is None or any(
            number.account_id != company.account_id for number in numbers
        ):
            faults.append(CompanyNotInAccount().at("input", "companyId"))
    return faults


def _find_faults_of_each(
    numbers: Sequence[TrackingNumber],
    change: Callable[[TrackingNumber], TrackingNumber],
    places: Mapping[str, tuple[str, ...]],
) -> list[Refusal]:
    faults: list[Refusal] = []
    for number in numbers:
        try:
            change(number)
        except Refusal as refusal:
            faults.append(refusal.at(*places[number.id]))
    return faults


async def _save_and_record(
    connection: Connection,
    actor: Actor,
    changes: NumberChanges,
    pairs: Sequence[tuple[TrackingNumber, TrackingNumber]],
) -> None:
    """Each number's version is the sequence of the one event about its change."""
    changed = [(before, after) for before, after in pairs if after is not before]
    if not changed:
        return
    await store.save_choices(connection, [after for _, after in changed])
    now = datetime.now(UTC)

    def tell(before: TrackingNumber, after: TrackingNumber) -> NumberChanged:
        return NumberChanged(
            **public_state(after),
            details=NumberDetails(
                forwarding_number=after.forwarding_number,
                name=after.name,
                source=after.source,
            ),
            changed=changes.names_changed(before),
            changed_by=actor.name,
            changed_at=now,
        )

    await outbox.record_each(
        connection,
        ((after.id, after.version, tell(before, after)) for before, after in changed),
        now,
    )
    log_change("numbers.changed", [after for _, after in changed])
