"""Telling: due notices become entries of feeds and mails, each notice in one go."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from libs.common.database import Connection, savepoint
from services.notifications.domain.addresses import people_to_tell
from services.notifications.domain.dispatches import (
    Dispatch,
    DueNotice,
    dispatches_of,
    is_too_old,
    must_wait,
)
from services.notifications.domain.who_is_told import Audience
from services.notifications.store import due_notices
from services.notifications.store.addresses import find_address_changes
from services.notifications.store.telling import (
    KnownAddress,
    MadeEntry,
    NoMember,
    add_entries_and_mails,
)

log = logging.getLogger(__name__)

_AT_ONCE: Final = 100
# With the delays between them about a day: a fault of an hour loses nobody's news.
_TRIES: Final = 150
_SUPPORT: Final = "support"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Without an address nothing is mailed to support."""

    mails_per_hour: int = 20
    support_address: str | None = None


async def tell_due(
    connection: Connection, limits: Limits, now: datetime | None = None
) -> tuple[int, list[MadeEntry]]:
    """How many were due, and the entries that are new. Nothing is due where another one tells.

    One that cannot be told holds up no other: it comes again, and is dead after some tries.
    """
    now = now or datetime.now(UTC)
    if not await due_notices.lock_telling(connection):
        return 0, []
    due = await due_notices.lock_due_notices(connection, _AT_ONCE, now)
    done = [each.notice_id for each in due if each.is_done]
    waiting = [each.notice_id for each in due if must_wait(each)]
    old = [each.notice_id for each in due if is_too_old(each, now)]
    await due_notices.postpone_notices(connection, waiting, due_notices.COPY_MISSING, now)
    await due_notices.end_notices(connection, old, "told", "TOO_OLD")
    await due_notices.end_notices(connection, done, "told", "DONE")
    if old:
        log.warning(
            "notices were too old to be told",
            extra={"action": "notices.passed_over", "count": len(old)},
        )
    ready = [each for each in due if each.notice_id not in {*waiting, *old, *done}]
    return len(due), await _tell_all(connection, ready, limits, now)


async def _tell_all(
    connection: Connection, notices: Sequence[DueNotice], limits: Limits, now: datetime
) -> list[MadeEntry]:
    if not notices:
        return []
    try:
        async with savepoint(connection):
            return await _tell(connection, notices, limits, now)
    except Exception as fault:
        if connection.is_closed():
            raise
        if len(notices) == 1:
            await _note_fault(connection, notices[0], fault, now)
            return []
    entries = []
    for each in notices:
        entries += await _tell_all(connection, [each], limits, now)
    return entries


async def _tell(
    connection: Connection, notices: Sequence[DueNotice], limits: Limits, now: datetime
) -> list[MadeEntry]:
    dispatches = [each for notice in notices for each in dispatches_of(notice, now)]
    known = await _find_known(
        connection,
        [each.notice for each in dispatches if each.audience is Audience.KNOWN_ADMINISTRATORS],
    )
    others = [who for each in dispatches if (who := _no_member(each, limits)) is not None]
    entries = await add_entries_and_mails(
        connection, dispatches, known, others, mails_per_hour=limits.mails_per_hour, now=now
    )
    await due_notices.end_notices(connection, [each.notice_id for each in notices], "told")
    return entries


async def _find_known(
    connection: Connection, notices: Sequence[DueNotice]
) -> list[KnownAddress]:
    """Of an account's addresses, read once, each notice has those of its instant."""
    accounts = {notice.account_id for notice in notices}
    changes = {each: await find_address_changes(connection, each) for each in accounts}
    known = []
    for notice in notices:
        mailed: set[str] = set()
        for who in people_to_tell(changes[notice.account_id], notice.occurred_at):
            known.append(
                KnownAddress(
                    notice_id=notice.notice_id,
                    member_id=who.member_id,
                    address=None if who.email in mailed else who.email,
                )
            )
            mailed.add(who.email)
    return known


def _no_member(dispatch: Dispatch, limits: Limits) -> NoMember | None:
    notice = dispatch.notice
    match dispatch.audience:
        case Audience.SIGNER:
            recipient, name, address = f"{notice.content['letter_id']} signer", "", None
        case Audience.SUPPORT if limits.support_address:
            recipient, name, address = _SUPPORT, "", limits.support_address
        case _:
            return None
    return NoMember(
        notice_id=notice.notice_id,
        audience=dispatch.audience,
        recipient=recipient,
        name=name,
        address=address,
    )


async def _note_fault(
    connection: Connection, notice: DueNotice, fault: Exception, now: datetime
) -> None:
    reason = type(fault).__name__
    if notice.attempts + 1 >= _TRIES:
        await due_notices.end_notices(connection, [notice.notice_id], "dead", reason)
    else:
        await due_notices.postpone_notices(connection, [notice.notice_id], reason, now)
    log.error(
        "a notice could not be told",
        exc_info=fault,
        extra={
            "action": "notices.failed",
            "notice_id": notice.notice_id,
            "notice_message": notice.message.value,
        },
    )
