"""Whose shield a caller may change, and how a change goes on record and is told."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from libs.common import outbox
from libs.common.caller import Member, Support
from libs.common.database import Connection
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.port_out_shields import PortOutShieldFact
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain.history import shown_actor
from services.porting.domain.letter_faults import faults_of_text
from services.porting.domain.port_out_shield import PortOutShield, ShieldAct
from services.porting.domain.refusals.letters import ReasonMissing
from services.porting.domain.refusals.port_out_shields import AccountMissing
from services.porting.domain.refusals.requests import VersionConflict
from services.porting.domain.refusals.support_cases import AccountUnknown
from services.porting.domain.signing import LONGEST_REASON
from services.porting.store import copies, pins, port_out_locks, port_out_shields
from services.porting.use_cases.recording import log_facts

Said = TypeVar("Said", bound=PortOutShieldFact)


async def lock_own_shield(
    connection: Connection,
    caller: Member | Support,
    account_id: str | None,
    *,
    reason: str | None,
    expected_version: int | None,
) -> tuple[PortOutShield, list[Refusal]]:
    """An administrator's own without naming it; support names the account, and says why.

    With the faults so far: they are raised with those of the rest of the input.
    """
    faults = list(_faults_of_reason(caller, reason))
    found = await _find_account(connection, caller, account_id)
    if isinstance(found, Refusal):
        raise Refused([found.at("input", "accountId"), *faults])
    shield = await port_out_shields.lock_shield(connection, found)
    if expected_version not in {None, shield.version}:
        faults.append(VersionConflict().at("input", "expectedVersion"))
    return shield, faults


async def _find_account(
    connection: Connection, caller: Member | Support, account_id: str | None
) -> str | Refusal:
    if isinstance(caller, Member):
        is_own = account_id in {None, caller.account_id}
        return caller.account_id if is_own else AccountUnknown()
    if account_id is None:
        return AccountMissing()
    found = await copies.find_account(connection, account_id)
    return found.account_id if found else AccountUnknown()


def _faults_of_reason(caller: Member | Support, reason: str | None) -> Iterator[Refusal]:
    written = tidied(reason)
    if written is None:
        if isinstance(caller, Support):
            yield ReasonMissing().at("input", "reason")
        return
    yield from faults_of_text(written, ("reason",), LONGEST_REASON)


def tidied(reason: str | None) -> str | None:
    return " ".join((reason or "").split()) or None


async def add_to_record(
    connection: Connection,
    shield: PortOutShield,
    act: ShieldAct,
    at: datetime,
    numbers: Sequence[PhoneNumber] = (),
    *,
    reason: str | None = None,
) -> None:
    await port_out_shields.add_record(
        connection,
        shield.account_id,
        act,
        at,
        tracking_numbers=numbers,
        reason=tidied(reason),
    )


async def about_shield(
    fact: type[Said], connection: Connection, shield: PortOutShield, at: datetime, **said: Any
) -> Said:
    """The fact with the shield's public state after it; to be called once that is saved."""
    found = await port_out_shields.find_shields(connection, [shield.account_id])
    lock = (await port_out_locks.find_account_locks(connection, [shield.account_id])).get(
        shield.account_id
    )
    return fact(
        account_id=shield.account_id,
        by=shown_actor(await pins.find_actor(connection)),
        at=at,
        is_account_locked=lock is not None and lock.is_closed_at(at),
        is_pin_set=found[shield.account_id].pin_set_at is not None,
        **said,
    )


async def save_shield(
    connection: Connection, shield: PortOutShield, *facts: PortOutShieldFact
) -> None:
    """To be called while the shield's row is locked."""
    version = await outbox.record(connection, shield.id, shield.version, *facts)
    await port_out_shields.save_version(connection, shield, version)
    log_facts(facts, account_id=shield.account_id, version=version)
