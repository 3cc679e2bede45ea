"""Reminding: what facts begin and end sets and clears timers, and a due timer becomes a notice."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from libs.common.database import Connection
from libs.common.events import Event
from libs.common.timers import clear_timers, set_timer, set_timers
from services.notifications.domain.messages import Message
from services.notifications.domain.notices import Notice
from services.notifications.domain.reminders import (
    ENDED_REQUESTS,
    OF_OPEN_REQUESTS,
    PROMPT,
    SCHEDULES,
    SETTLES,
    Step,
    due_reminder,
    next_reminder,
    wake_at,
)
from services.notifications.domain.starts import starts_in
from services.notifications.domain.waiting import requests_in, waiting_in
from services.notifications.store import awaited as store
from services.notifications.store.awaited import Reminded
from services.notifications.store.notices import add_notices


class RequestUnheardError(Exception):
    """A number's event was quicker than those of its request: the timer is tried again."""


async def note_awaited(connection: Connection, events: Sequence[Event]) -> None:
    """One timer for each message and key, at its next step; none where nothing waits any more."""
    await store.save_requests(connection, requests_in(events))
    changed = await store.save_waiting(connection, waiting_in(events), starts_in(events))
    if not changed:
        return
    now = datetime.now(UTC)
    spans = await store.find_spans(connection, sorted(changed))
    due = {
        (message, key): wake_at(message, span, now) if span else None
        for (message, key), span in spans.items()
    }
    await set_timers(
        connection, [(kind, key, due_at) for (kind, key), due_at in due.items() if due_at]
    )
    await clear_timers(connection, [name for name, due_at in due.items() if due_at is None])


async def remind(connection: Connection, message: Message, key: str) -> None:
    """Its timer is due: whatever ended since it was set is told to nobody.

    However late it fires, only the latest step is told. A disabled account is told nothing, and
    goes on where it is then once it is active again.
    """
    reminded = await store.find_reminded(connection, message, key)
    if reminded is None or _is_over(message, reminded):
        return
    step = due_reminder(message, reminded.span, reminded.now)
    if step is not None and not reminded.account_is_disabled:
        await add_notices(connection, [_notice(message, key, step, reminded)])
    following = next_reminder(message, reminded.span, reminded.now)
    if following is not None:
        await set_timer(connection, message, key, following.due_at)


def _is_over(message: Message, reminded: Reminded) -> bool:
    if reminded.is_of_request and reminded.request_status is None:
        raise RequestUnheardError(reminded.subject)
    return message in OF_OPEN_REQUESTS and reminded.request_status in ENDED_REQUESTS


def _notice(message: Message, key: str, step: Step, reminded: Reminded) -> Notice:
    """The key names the step, and the day from which it counts: a thing may wait once more.

    Where the timer was late, so may be the facts that end the waiting: they get time to come in.
    """
    is_of_a_day = SCHEDULES[message].bundled
    is_prompt = reminded.now - step.due_at <= PROMPT
    day = "" if is_of_a_day else f":{reminded.span.counts_from.astimezone(UTC):%Y-%m-%d}"
    return Notice(
        message=message,
        key=f"{key}{day}:{step.name}",
        account_id=reminded.account_id,
        company_ids=reminded.company_ids,
        requester_id=reminded.requester_id if reminded.is_of_request else None,
        subject=reminded.subject,
        occurred_at=step.due_at,
        due_at=reminded.now if is_prompt else reminded.now + SETTLES,
        content=_content(step, reminded),
    )


def _content(step: Step, reminded: Reminded) -> dict[str, Any]:
    """`step`, its `days` or `hours`, what the start said, and of what waits names and numbers."""
    content: dict[str, Any] = {"subject": reminded.subject, "step": step.name}
    distance = abs(step.after)
    if distance >= timedelta(days=1):
        content["days"] = distance.days
    elif distance:
        content["hours"] = round(distance / timedelta(hours=1), 1)
    if reminded.is_of_request:
        content["port_request_id"] = reminded.subject
        content["request_name"] = reminded.request_name
    if reminded.tracking_numbers:
        content["numbers"] = list(reminded.tracking_numbers)
        content["number_count"] = reminded.thing_count
    return content | dict(reminded.content)
