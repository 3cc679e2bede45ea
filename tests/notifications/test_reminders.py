"""When reminders are due: each step once, the latest of several, none of what is over."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.events import Event
from libs.contracts.number_events import NumberDisabled, NumberPortedIn, NumberPortedOut
from libs.contracts.porting_events.letters import LetterSent, LetterSigned
from libs.contracts.porting_events.lines import ApprovedLine, LinesApproved, LinesPorted
from libs.contracts.porting_events.requests import PortSentToCarrier
from services.notifications.domain.messages import Message
from services.notifications.domain.reminders import (
    LATEST,
    SCHEDULES,
    SETTLES,
    Span,
    due_reminder,
    next_reminder,
    wake_at,
)
from services.notifications.domain.starts import starts_in
from services.notifications.domain.waiting import requests_in, waiting_in
from services.notifications.timers import TIMERS
from tests.notifications.facts import NUMBER, event, port_out_received, submitted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = 24 * HOUR
M = Message


def since(ago: timedelta) -> Span:
    return Span(begun_at=NOW - ago, counts_from=NOW - ago)


def until(left: timedelta, *, begun: timedelta = 60 * DAY) -> Span:
    return Span(begun_at=NOW - begun, counts_from=NOW + left)


def steps(message: Message, span: Span, within: timedelta = 30 * DAY) -> list[str]:
    """By name, each as soon as it is due."""
    named, at = [], span.begun_at
    while (step := next_reminder(message, span, at)) and step.due_at <= span.begun_at + within:
        named.append(step.name)
        at = step.due_at
    return named


@pytest.mark.parametrize(
    ("message", "span", "expected"),
    [
        (M.LETTER_UNSIGNED, since(DAY), ["3d", "7d", "12d"]),
        (M.DRAFT_IDLE, since(DAY), ["3d", "10d"]),
        (M.AUTHORIZATION_WAITING, since(DAY), ["1d", "3d", "7d"]),
        (M.PORT_PAST_WINDOW, until(DAY, begun=DAY), ["0d", "14d"]),
        (M.NOT_CALLED_YET, since(DAY), ["1d", "3d", "7d"]),
        (M.FIRM_DATE_NEAR, until(9 * DAY, begun=DAY), ["7d", "2d", "1h"]),
        (M.FIRM_DATE_NEAR, until(6 * DAY, begun=DAY), ["2d", "1h"]),
        (M.FIRM_DATE_NEAR, until(DAY, begun=HOUR), ["1h"]),
        (M.PORT_OUT_ANSWER_DUE, until(10 * HOUR, begun=HOUR), ["4h", "1h"]),
        (M.PORT_OUT_ANSWER_DUE, until(4 * HOUR, begun=HOUR), ["1h"]),
        (M.PORT_OUT_ANSWER_DUE, until(HOUR, begun=timedelta()), ["30m"]),
    ],
)
def test_a_schedule_has_these_steps(message, span, expected):
    assert steps(message, span) == expected


@pytest.mark.requirement("S79")
def test_whoever_does_not_disable_a_ported_out_number_is_reminded_week_after_week():
    named = steps(M.PORTED_OUT_NOT_DISABLED, since(DAY), within=30 * DAY)

    assert named == ["1d", "7d", "14d", "21d", "28d"]


@pytest.mark.parametrize(
    ("message", "span", "due"),
    [
        (M.LETTER_UNSIGNED, since(2 * DAY), None),
        (M.LETTER_UNSIGNED, since(3 * DAY), "3d"),
        (M.LETTER_UNSIGNED, since(33 * DAY), "12d"),
        (M.PORTED_OUT_NOT_DISABLED, since(33 * DAY), "28d"),
        (M.FIRM_DATE_NEAR, until(HOUR), "1h"),
        (M.FIRM_DATE_NEAR, until(3 * DAY), "7d"),
        (M.FIRM_DATE_NEAR, until(timedelta()), None),
        (M.PORT_OUT_ANSWER_DUE, until(-HOUR), None),
        (M.PORT_PAST_WINDOW, until(timedelta()), "0d"),
        # Sent to the carrier again after the window's end: nobody has waited until then.
        (M.PORT_PAST_WINDOW, Span(begun_at=NOW - DAY, counts_from=NOW - 2 * DAY), None),
    ],
)
def test_the_latest_step_is_due_and_none_once_what_was_to_come_is_there(message, span, due):
    step = due_reminder(message, span, NOW)

    assert (step and step.name) == due


@pytest.mark.parametrize(
    ("message", "span", "wakes"),
    [
        (M.LETTER_UNSIGNED, since(timedelta()), 3 * DAY),
        # A day late is told still, once all that was said meanwhile had its time to come.
        (M.LETTER_UNSIGNED, since(4 * DAY - HOUR), SETTLES),
        # A replay is no news.
        (M.LETTER_UNSIGNED, since(3 * DAY + LATEST), 4 * DAY - LATEST),
        (M.LETTER_UNSIGNED, since(400 * DAY), None),
        (M.FIRM_DATE_NEAR, until(-HOUR), None),
        (M.PORTED_OUT_NOT_DISABLED, since(400 * DAY), 6 * DAY),
    ],
)
def test_what_was_due_long_before_it_was_heard_of_is_passed_over(message, span, wakes):
    assert wake_at(message, span, NOW) == (wakes and NOW + wakes)


MESSAGES = st.sampled_from(sorted(SCHEDULES))
SPANS = st.builds(
    lambda begun, counts: Span(begun_at=NOW + begun, counts_from=NOW + begun + counts),
    st.timedeltas(-100 * DAY, 100 * DAY),
    st.timedeltas(timedelta(), 60 * DAY),
)


@given(MESSAGES, SPANS, st.lists(st.timedeltas(timedelta(), 40 * DAY), max_size=8))
def test_however_the_clock_jumps_each_step_is_told_once_and_in_its_order(message, span, jumps):
    message = Message(message)
    now, told = span.begun_at, []
    wakes = wake_at(message, span, now)
    for jump in jumps:
        now += jump
        if wakes is None or wakes > now:
            continue
        # Fired, once, however many steps were passed over.
        if step := due_reminder(message, span, now):
            assert step.due_at <= now
            told.append(step)
        following = next_reminder(message, span, now)
        wakes = following and following.due_at

    assert all(one.due_at < other.due_at for one, other in pairwise(told))
    assert len({step.name for step in told}) == len(told)
    assert wakes is None or wakes > now


@given(MESSAGES, SPANS, st.timedeltas(timedelta(), 200 * DAY))
def test_no_step_is_due_before_somebody_waits_nor_after_what_is_to_come(message, span, later):
    message, now = Message(message), span.begun_at + later

    for step in (due_reminder(message, span, now), next_reminder(message, span, now)):
        assert step is None or step.due_at > span.begun_at
        assert (
            step is None or not SCHEDULES[message].is_ahead or step.due_at < span.counts_from
        )


def test_every_kind_of_reminder_is_a_kind_of_timer():
    assert set(TIMERS) == set(SCHEDULES)


REQUEST = {
    "account_id": "acc_a",
    "company_id": "co_a",
    "requester_id": "mem_a",
    "name": "Spring move",
    "line_counts": {},
}
NUMBER_FACT = {
    "account_id": "acc_a",
    "company_id": "co_a",
    "tracking_number": NUMBER,
    "port_request_id": "pr_1",
}


def sent_letter(sequence: int) -> Event:
    fact = LetterSent(
        **REQUEST, status="DRAFT", letter_id="ltr_1", link_id="lnk_1", expires_at=NOW
    )
    return event(fact, "pr_1", sequence)


def signed_letter(sequence: int) -> Event:
    fact = LetterSigned(
        **REQUEST, status="IN_REVIEW", letter_id="ltr_1", signed_at=NOW, document_hash="h"
    )
    return event(fact, "pr_1", sequence)


def test_a_request_waits_for_what_its_status_says_and_a_letter_for_its_signature():
    waits = {each.thing: each.awaits for each in waiting_in([sent_letter(2), sent_letter(3)])}
    signed = {each.thing: each.awaits for each in waiting_in([signed_letter(4)])}

    assert waits == {"pr_1": M.DRAFT_IDLE, "ltr_1": M.LETTER_UNSIGNED}
    assert signed == {"pr_1": M.PORT_PAST_WINDOW, "ltr_1": None}


def test_of_one_thing_in_a_batch_the_newest_fact_holds_whatever_the_order():
    events = [signed_letter(4), sent_letter(2), submitted(sequence=1), sent_letter(3)]

    assert [each.awaits for each in waiting_in(events) if each.thing == "ltr_1"] == [None]
    assert [each.version for each in starts_in(events) if each.thing == "ltr_1"] == [3]
    assert [(each.version, each.status) for each in requests_in(events)] == [(4, "IN_REVIEW")]


def test_an_administrators_own_submission_waits_for_no_authorization():
    managers = submitted(status="AWAITING_AUTHORIZATION")

    assert starts_in([submitted(status="IN_REVIEW")]) == []
    assert [start.message for start in starts_in([managers])] == [M.AUTHORIZATION_WAITING]


def approved_lines(**given: object) -> LinesApproved:
    return LinesApproved(
        **REQUEST,
        status="APPROVED",
        batch=1,
        of=1,
        firm_date=date(2026, 12, 1),
        lines=[ApprovedLine(line_id="ln_1", tracking_number=NUMBER)],
        **given,
    )


def test_lines_of_one_day_are_told_together_with_their_calendars_instant():
    instant = datetime(2026, 12, 1, 8, tzinfo=UTC)
    [start] = starts_in([event(approved_lines(activates_at=instant), "pr_1", 5)])

    assert (start.thing, start.key, start.subject) == ("ln_1", "pr_1:2026-12-01", "pr_1")
    assert start.span.counts_from == instant
    assert start.content["firm_date"] == "2026-12-01"
    assert start.content["firm_date_instant"] == "2026-12-01T08:00:00+00:00"


def test_a_fact_of_before_that_tells_no_instant_is_read_by_the_usual_zone():
    told = approved_lines().model_dump(mode="json", exclude={"activates_at"})
    [start] = starts_in([event(LinesApproved.model_validate(told), "pr_1", 5)])

    assert start.span.counts_from == datetime(2026, 12, 1, 5, tzinfo=UTC)


def test_a_window_counts_from_the_end_of_its_last_day_and_without_one_there_is_none():
    sent = {**REQUEST, "status": "WITH_CARRIER", "sent_at": NOW}
    of_before = event(PortSentToCarrier(**sent), "pr_1", 5)
    of_now = event(PortSentToCarrier(**sent, estimated_by=date(2027, 1, 4)), "pr_1", 6)

    [start] = starts_in([of_before, of_now])

    assert start.span.counts_from == datetime(2027, 1, 5, 5, tzinfo=UTC)
    assert starts_in([of_before]) == []


def test_a_number_waits_for_its_first_call_and_later_to_be_disabled():
    ported_in = NumberPortedIn(**NUMBER_FACT, state="AWAITING_FIRST_CALL", ported_at=NOW)
    ported_out = NumberPortedOut(
        **NUMBER_FACT, state="PORTED_OUT", port_out_id="po_1", ported_out_at=NOW
    )
    disabled = NumberDisabled(
        **NUMBER_FACT, state="DISABLED", disabled_at=NOW, disabled_by="mem_a"
    )
    facts = [ported_in, ported_out, disabled]

    waits = [waiting_in([event(fact, "num_1")])[0].awaits for fact in facts]
    keys = [start.key for fact in facts for start in starts_in([event(fact, "num_1")])]

    assert waits == [M.NOT_CALLED_YET, M.PORTED_OUT_NOT_DISABLED, None]
    assert keys == ["pr_1:2026-11-23", "po_1:2026-11-23"]


def test_lines_that_move_end_the_waiting_for_their_day():
    ported = LinesPorted(
        **REQUEST,
        status="COMPLETED",
        batch=1,
        of=1,
        lines=[
            {
                "line_id": "ln_1",
                "tracking_number": NUMBER,
                "ported_at": NOW,
                "evidence": "carrier",
            }
        ],
    )

    waits = {each.thing: each.awaits for each in waiting_in([event(ported, "pr_1", 7)])}

    assert waits == {"pr_1": None, "ln_1": None}


def test_an_answer_is_due_to_a_port_out_until_somebody_has_answered():
    received, answered = port_out_received(), port_out_received(status="AUTHORIZED")

    assert [each.awaits for each in waiting_in([received])] == [M.PORT_OUT_ANSWER_DUE]
    assert [each.awaits for each in waiting_in([answered])] == [None]
    assert starts_in([received])[0].content["number_count"] == 1
