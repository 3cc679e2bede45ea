"""Sending mails: what is tried next, and what is kept of a try."""

from datetime import datetime

from libs.common.database import Connection
from services.notifications.domain.mails import (
    Mail,
    Outcome,
    TurnedAway,
    Verdict,
    judge,
    judge_doubt,
)
from services.notifications.domain.messages import Message
from services.notifications.domain.who_is_told import TELLING
from services.notifications.store import mails

claim_mail = mails.claim_mail


async def give_up_lost(connection: Connection, now: datetime) -> None:
    """Tries whose worker died in the middle: nobody knows whether they arrived."""
    for lost in await mails.lock_lost(connection, now):
        verdict = judge_doubt(
            is_by_law=any(TELLING[Message(name)].is_by_law for name in lost["messages"]),
            doubts=lost["doubts"],
            now=now,
            reason="worker_lost",
        )
        await mails.save_verdict(connection, lost["mail_id"], lost["attempts"], verdict, now)


async def note_outcome(
    connection: Connection, mail: Mail, outcome: Outcome, now: datetime
) -> Verdict:
    verdict = judge(mail, outcome, now)
    is_noted = await mails.save_verdict(connection, mail.id, mail.attempts, verdict, now)
    is_hard = isinstance(outcome, TurnedAway) and outcome.is_permanent and outcome.is_address
    if is_noted and is_hard and mail.address:
        assert isinstance(outcome, TurnedAway)
        await mails.count_bounce(connection, mail.address, code=outcome.code, at=now)
    return verdict
