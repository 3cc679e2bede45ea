"""The table of who is told what, and which facts become notices."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Literal, get_args, get_origin

import orjson
import pytest
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from libs.common.events import Fact
from libs.contracts.number_events import NUMBER_EVENTS, MemberChanged
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.registry import PORTING_EVENTS
from services.notifications.domain.contents import content_of
from services.notifications.domain.dispatches import DueNotice, dispatches_of
from services.notifications.domain.messages import Message
from services.notifications.domain.notices import merged
from services.notifications.domain.telling import (
    MESSAGES,
    SecurityChange,
    known_member,
    member_notices,
    notices_of,
)
from services.notifications.domain.who_is_told import (
    BY_LAW,
    TELLING,
    WHO_IS_TOLD,
    Audience,
    Channel,
    EventGroup,
)
from tests.notifications.facts import (
    NUMBER,
    START,
    approved,
    event,
    lines_ported,
    member_changed,
    port_out_received,
    submitted,
)

TEN_MINUTES = timedelta(minutes=10)
# Heard of, and for nobody's eyes: each has its reason.
TELLS_NOBODY = {
    # Drafts are their makers' own.
    "porting.draft_changed.v1",
    # LETTER_SIGNED and LETTER_TO_SIGN say it.
    "porting.letter_viewed.v1",
    "porting.letter_sealed.v1",
    # The desk's own work.
    "porting.pin_used.v1",
    "porting.port_claimed.v1",
    "porting.port_released.v1",
    "porting.carrier_orders_changed.v1",
    "porting.firm_date_requested.v1",
    # ACTION_REQUIRED follows where somebody has to act.
    "porting.document_attached.v1",
    "porting.document_reviewed.v1",
    "porting.lines_rejected.v1",
    "porting.lines_in_conflict.v1",
    "porting.lines_activation_failed.v1",
    "porting.lines_not_portable.v1",
    "numbers.preconfiguration_refused.v1",
    # Steps on the way of lines: the request's own fact tells each stage.
    "porting.lines_readied.v1",
    "porting.lines_preconfigured.v1",
    "porting.lines_approved.v1",
    "porting.lines_activating.v1",
    "porting.lines_corrected.v1",
    "porting.lines_resent.v1",
    "porting.lines_cancel_requested.v1",
    "porting.lines_cancel_refused.v1",
    "porting.lines_cancelled.v1",
    "numbers.numbers_preconfigured.v1",
    "numbers.number_ported_in.v1",
    # The port-out's own fact tells it.
    "porting.port_out_report_answered.v1",
    "porting.port_out_checklist_changed.v1",
    "numbers.number_porting_out.v1",
    "numbers.number_ported_out.v1",
    "numbers.number_port_out_cancelled.v1",
    "numbers.number_returned.v1",
    # Their own deed, or the end of a long silence.
    "numbers.number_changed.v1",
    "numbers.number_disabled.v1",
    "numbers.number_restored.v1",
    "numbers.number_quarantined.v1",
    "numbers.number_released.v1",
    # The case's message is told, not its drawer.
    "porting.case_opened.v1",
    "porting.case_closed.v1",
    "porting.case_reopened.v1",
    # Support's or the administrators' own changes of the account.
    "numbers.account_changed.v1",
    "numbers.account_reactivated.v1",
    "numbers.company_changed.v1",
    "numbers.port_out_disabling_changed.v1",
    "numbers.billing_period_opened.v1",
    "numbers.billing_period_moved_back.v1",
    "numbers.billing_period_closed.v1",
}
REMINDERS = {
    Message.LETTER_UNSIGNED,
    Message.DRAFT_IDLE,
    Message.AUTHORIZATION_WAITING,
    Message.FIRM_DATE_NEAR,
    Message.PORT_PAST_WINDOW,
    Message.NOT_CALLED_YET,
    Message.PORTED_OUT_NOT_DISABLED,
    Message.PORT_OUT_ANSWER_DUE,
}


def test_each_message_has_one_line_and_somebody_to_tell():
    assert [each.message for each in WHO_IS_TOLD] == list(TELLING)
    assert set(TELLING) == set(Message)
    assert all(each.to for each in WHO_IS_TOLD)


def test_each_fact_is_told_or_tells_nobody_for_a_reason():
    types = {fact.type for fact in (*PORTING_EVENTS, *NUMBER_EVENTS)}

    assert {fact.type for fact in MESSAGES} | TELLS_NOBODY == types
    assert {fact.type for fact in MESSAGES} & TELLS_NOBODY == set()


def test_each_message_is_of_a_fact_or_of_a_reminder():
    of_facts = {*MESSAGES.values(), Message.AUTHORIZATION_WANTED}

    assert of_facts | REMINDERS | {Message.WEBHOOK_DISABLED} == set(Message)


def test_what_the_law_needs_reaches_every_administrator_by_mail():
    administrators = {Audience.ADMINISTRATORS, Audience.KNOWN_ADMINISTRATORS}
    for telling in WHO_IS_TOLD:
        if (
            telling.group in BY_LAW
            and telling.message is not Message.PORT_OUT_REJECTION_PROPOSED
        ):
            assert any(
                to.audience in administrators and Channel.MAIL in to.channels
                for to in telling.to
            )


def test_whoever_is_copied_gets_what_the_requester_gets():
    for telling in WHO_IS_TOLD:
        if telling.group is not EventGroup.REQUESTS or telling.message in {
            Message.PORT_SUBMITTED,
            Message.LINES_REVERTED,
        }:
            continue
        requester = [
            (to.channels, to.where) for to in telling.to if to.audience is Audience.REQUESTER
        ]
        copied = [
            (to.channels, to.where)
            for to in telling.to
            if to.audience is Audience.COPIED_ADMINISTRATORS
        ]
        assert copied == requester, telling.message


def test_shields_and_port_outs_are_told_where_administrators_were_known():
    for telling in WHO_IS_TOLD:
        if telling.group is EventGroup.SECURITY:
            assert telling.is_urgent
            assert {to.audience for to in telling.to} == {Audience.KNOWN_ADMINISTRATORS}
    assert TELLING[Message.PORT_OUT_RECEIVED].is_urgent


def example_of(fact: type[Fact]) -> Fact:
    """With whatever its fields can hold."""
    kinds = {str: "x", int: 1, bool: False, AwareDatetime: START, date: START.date(), list: []}

    def fill(field: FieldInfo) -> object:
        kind = get_origin(field.annotation) or field.annotation
        if kind is Literal:
            return get_args(field.annotation)[0]
        if kind is dict:
            return {"PORTED": 2, "CANCELLED": 1}
        return NUMBER if kind is PhoneNumber else kinds.get(kind)

    return fact(**{name: fill(field) for name, field in fact.model_fields.items()})


@pytest.mark.parametrize("fact", MESSAGES, ids=lambda fact: fact.type)
def test_each_fact_makes_a_notice_of_plain_content(fact):
    its_event = event(example_of(fact), "sub_1", 7)

    notices = notices_of([its_event], TEN_MINUTES, START) or member_notices(
        [
            replace(
                its_event, fact=example_of(fact).model_copy(update={"role": "ADMINISTRATOR"})
            )
        ],
        {},
    )

    assert MESSAGES[fact] in {notice.message for notice in notices}
    for notice in notices:
        assert notice.key == "sub_1:7"
        assert notice.account_id in {"x", "sub_1"}
        assert orjson.loads(orjson.dumps(notice.content)) == notice.content


def test_a_submission_that_waits_makes_two_notices_and_an_administrators_one():
    waits = notices_of([submitted()], TEN_MINUTES, START)
    is_authorized = notices_of([submitted(authorized_by="mem_a")], TEN_MINUTES, START)

    assert [each.message for each in waits] == ["port_submitted", "authorization_wanted"]
    assert [each.message for each in is_authorized] == ["port_submitted"]
    assert {each.key for each in waits} == {"pr_1:1"}


def test_the_last_lines_to_port_are_left_to_the_completion():
    while_porting = notices_of([lines_ported()], TEN_MINUTES, START)
    at_the_end = notices_of([lines_ported(status="COMPLETED")], TEN_MINUTES, START)

    assert [each.due_at for each in while_porting] == [START + TEN_MINUTES]
    assert at_the_end == []


def test_of_batches_the_last_one_tells_how_many_there_are():
    first = port_out_received(batch=1, of=2)
    last = port_out_received(sequence=2, batch=2, of=2)

    [notice] = notices_of([first, last], TEN_MINUTES, START)

    assert notice.content["number_count"] == 501


def test_gathered_contents_count_all_and_name_some():
    one = {"numbers": ["+1", "+2", "+3"], "number_count": 3, "called_at": "a"}
    two = {"numbers": ["+4", "+5", "+6"], "number_count": 400, "called_at": "b"}

    assert merged(one, two) == {
        "numbers": ["+1", "+2", "+3", "+4", "+5"],
        "number_count": 403,
        "called_at": "b",
    }


def test_orders_that_were_sent_are_counted_and_of_firm_dates_the_newest_holds():
    assert merged({"order_count": 2}, {"order_count": 3}) == {"order_count": 5}
    assert merged({"firm_date": "2026-03-01"}, {"firm_date": "2026-03-02"}) == {
        "firm_date": "2026-03-02"
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"email": "eve@x"}, [SecurityChange.ADDRESS]),
        ({"role": "VIEWER"}, [SecurityChange.ROLE]),
        ({"active": False}, [SecurityChange.REMOVED]),
        ({"login_subject": "other"}, [SecurityChange.LOGIN]),
        ({"name": "Ada Lovelace", "company_ids": ["co_z"]}, None),
    ],
)
def test_of_a_member_what_matters_for_security_is_told(change, told):
    before = member_changed().fact
    assert isinstance(before, MemberChanged)
    known = {"mem_a": known_member(before, 3)}

    notices = member_notices([member_changed(sequence=4, **change)], known)

    assert [each.content["changes"] for each in notices] == ([told] if told else [])


def test_of_who_is_no_administrator_nothing_is_told():
    mia = {"member_id": "mem_mia", "role": "MANAGER"}

    assert member_notices([member_changed(**mia)], {}) == []
    assert (
        member_notices(
            [member_changed(**mia), member_changed(sequence=4, **mia, email="x")], {}
        )
        == []
    )


def test_a_new_administrator_and_one_who_is_back_are_told():
    events = [
        member_changed(sequence=3),
        member_changed(sequence=4, active=False),
        member_changed(sequence=5),
        member_changed(sequence=6, name="Ada L."),
    ]

    notices = member_notices(reversed(events), {})

    assert [each.content["changes"] for each in notices] == [
        ["ADDED"],
        ["REMOVED"],
        ["REACTIVATED"],
    ]


def test_what_our_copy_has_already_is_not_told_again():
    fact = member_changed().fact
    assert isinstance(fact, MemberChanged)

    assert member_notices([member_changed()], {"mem_a": known_member(fact, 3)}) == []


def due(message: Message, **content: object) -> DueNotice:
    return DueNotice(
        notice_id="ntc_1",
        message=message,
        account_id="acc_a",
        requester_id="mem_a",
        occurred_at=START,
        content=content,
        attempts=0,
        waits=0,
        has_account=True,
        has_people=True,
    )


def test_after_a_day_nothing_is_urgent_and_reminders_are_only_shown():
    late = START + timedelta(days=2)

    assert not any(
        each.is_urgent for each in dispatches_of(due(Message.PORT_OUT_RECEIVED), late)
    )
    assert not any(each.is_mailed for each in dispatches_of(due(Message.DRAFT_IDLE), late))
    assert any(each.is_mailed for each in dispatches_of(due(Message.PORT_APPROVED), late))
    assert all(each.is_urgent for each in dispatches_of(due(Message.PORT_OUT_RECEIVED), START))


@pytest.mark.parametrize(
    ("waiting_on", "mailed"),
    [
        ("SUPPORT", {Audience.SUPPORT}),
        ("REQUESTER", {Audience.REQUESTER, Audience.COPIED_ADMINISTRATORS}),
    ],
)
def test_whoever_has_to_act_is_mailed(waiting_on, mailed):
    notice = due(Message.ACTION_REQUIRED, waiting_on=waiting_on)

    found = {each.audience for each in dispatches_of(notice, START) if each.is_mailed}

    assert found == mailed


def test_contents_say_no_address_and_are_plain():
    content = content_of(member_changed(email="ada@x").fact)

    assert content == {"member_id": "mem_a", "member_name": "Ada", "role": "ADMINISTRATOR"}
    assert content_of(approved().fact)["firm_date"] == "2026-03-01"
