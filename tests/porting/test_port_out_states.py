"""A port-out's states, turns, actions and times, without a database."""

from datetime import timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.porting.domain.port_out_actions import PortOutAction, port_out_actions_for
from services.porting.domain.port_out_reasons import PORT_OUT_REASONS, find_port_out_reason
from services.porting.domain.port_out_reports import (
    ACCEPTED,
    CODES,
    Finding,
    NumberAnswer,
    clean_name,
    find_of_state,
    read_reported,
)
from services.porting.domain.port_outs import (
    ASKING,
    DISPUTABLE_FOR,
    IGNORED,
    LONGEST_ANSWER_TIME,
    NEXT_STATUSES,
    SHORTEST_ANSWER_TIME,
    USUAL_ANSWER_TIME,
    PortOutEvent,
    PortOutStatus,
    PortOutTurn,
    answer_by_of,
    review_by_of,
)
from tests.porting.builders import SUPPORT, a_member, a_port_out_row, now, phone

S, E = PortOutStatus, PortOutEvent
ENDED = {S.CONFIRMED, S.REJECTED, S.CANCELLED, S.RETURNED}
LEFT = {S.PORTED_OUT, S.CONFIRMED, S.DISPUTED, S.RETURNED}


def walked(events) -> list[PortOutStatus]:
    """The statuses on the way; what is not possible then is left out, as a refusal would."""
    port_out = a_port_out_row()
    way = [port_out.status]
    for event in events:
        status = port_out.next_status(event)
        if status is not None:
            port_out = a_port_out_row(status=status)
            way.append(status)
    return way


@pytest.mark.parametrize(("event", "status"), [*product(PortOutEvent, PortOutStatus)])
def test_every_event_leads_somewhere_is_ignored_or_is_refused(event, status):
    answer = a_port_out_row(status=status).next_status(event)
    leads, ignored = status in NEXT_STATUSES[event], status in IGNORED[event]
    assert not (leads and ignored)
    assert answer is (NEXT_STATUSES[event][status] if leads else status if ignored else None)


@pytest.mark.parametrize("event", list(PortOutEvent))
def test_nothing_leads_out_of_an_ended_port_out(event):
    assert not ENDED & NEXT_STATUSES[event].keys()


@pytest.mark.parametrize("status", sorted(set(PortOutStatus) - ENDED))
def test_something_leads_out_of_every_other(status):
    assert any(
        status in leads and leads[status] is not status for leads in NEXT_STATUSES.values()
    )


@pytest.mark.requirement("S73")
def test_silence_is_never_refused():
    event = PortOutEvent.ANSWER_TIME_PASSED
    assert NEXT_STATUSES[event].keys() | IGNORED[event] == set(PortOutStatus)


@pytest.mark.requirement("S73")
@given(st.lists(st.sampled_from(PortOutEvent), max_size=12))
def test_after_the_answer_time_nothing_waits_for_an_answer(events):
    *_, last = walked([*events, E.ANSWER_TIME_PASSED])
    assert last not in ASKING


@pytest.mark.requirement("S73")
@given(
    st.lists(
        st.sampled_from([e for e in PortOutEvent if e is not E.GATE_REFUSED]), max_size=12
    )
)
def test_only_a_reviewed_reason_refuses_what_the_shield_let_pass(events):
    way = walked(events)
    if S.REJECTED in way:
        assert way[way.index(S.REJECTED) - 1] is S.REJECTION_REVIEW


@given(st.lists(st.sampled_from(PortOutEvent), max_size=12))
def test_a_word_that_comes_twice_changes_nothing_more(events):
    doubled = [event for event in events for _ in range(2)]
    allowed_twice = {E.DISPUTE_REFUSED, E.DISPUTED}
    if not allowed_twice & {*events}:
        assert walked(doubled)[-1] is walked(events)[-1]


@given(st.lists(st.sampled_from(PortOutEvent), max_size=14))
def test_what_has_left_comes_back_by_a_dispute_alone(events):
    way = walked(events)
    for before, after in pairwise(way):
        if before in LEFT:
            assert after in LEFT
        if after is S.RETURNED:
            assert before in {S.DISPUTED, S.RETURNED}


@given(st.lists(st.sampled_from(PortOutEvent), max_size=14))
def test_nothing_leaves_before_it_is_authorized(events):
    way = walked(events)
    if LEFT & {*way}:
        assert S.AUTHORIZED in way


def test_each_caller_is_told_what_they_can_do_with_a_port_out():
    administrator = a_member("ADMINISTRATOR")
    for caller, status, actions in (
        (administrator, S.RECEIVED, ("AUTHORIZE", "REJECT")),
        (administrator, S.REJECTION_REVIEW, ("AUTHORIZE",)),
        (administrator, S.PORTED_OUT, ("CONFIRM",)),
        (administrator, S.AUTHORIZED, ()),
        (a_member("MANAGER"), S.RECEIVED, ()),
        (SUPPORT, S.RECEIVED, ("CANCEL",)),
        (SUPPORT, S.REJECTION_REVIEW, ("CONFIRM_REJECTION", "OVERTURN_REJECTION", "CANCEL")),
        (SUPPORT, S.AUTHORIZED, ("SCHEDULE", "RECORD_PORTED_OUT", "CANCEL")),
        (SUPPORT, S.PORTED_OUT, ("RECORD_PORTED_OUT", "CANCEL", "CONFIRM")),
        (SUPPORT, S.DISPUTED, ("RECORD_PORTED_OUT", "REFUSE_DISPUTE", "RECORD_RETURNED")),
        (SUPPORT, S.CONFIRMED, ()),
    ):
        assert port_out_actions_for(caller, a_port_out_row(status=status), now()) == actions


def test_what_has_left_to_the_last_number_is_neither_ported_nor_cancelled_again():
    gone = a_port_out_row(status=S.PORTED_OUT, leaving_count=0)
    assert port_out_actions_for(SUPPORT, gone, now()) == (PortOutAction.CONFIRM,)


def test_after_the_answer_time_nothing_refuses():
    late = a_port_out_row(answer_by=now())
    assert port_out_actions_for(a_member("ADMINISTRATOR"), late, now()) == ("AUTHORIZE",)


def test_a_dispute_is_offered_for_a_day():
    administrator = a_member("ADMINISTRATOR")
    port_out = a_port_out_row(status=S.PORTED_OUT, ported_out_at=now())
    for later, offered in ((timedelta(hours=23), True), (timedelta(hours=25), False)):
        actions = port_out_actions_for(administrator, port_out, now() + later)
        assert (PortOutAction.DISPUTE in actions) is offered
    assert timedelta(hours=24) == DISPUTABLE_FOR


@pytest.mark.parametrize(
    ("status", "turn"),
    [
        (S.RECEIVED, PortOutTurn.ADMINISTRATOR),
        (S.REJECTION_REVIEW, PortOutTurn.SUPPORT),
        (S.AUTHORIZED, PortOutTurn.GAINING_CARRIER),
        (S.SCHEDULED, PortOutTurn.GAINING_CARRIER),
        (S.PORTED_OUT, PortOutTurn.ADMINISTRATOR),
        (S.DISPUTED, PortOutTurn.SUPPORT),
        *((status, PortOutTurn.NOBODY) for status in sorted(ENDED)),
    ],
)
def test_it_is_always_somebodys_turn_until_it_is_over(status, turn):
    assert a_port_out_row(status=status).turn is turn


@given(st.none() | st.timedeltas())
def test_the_answer_time_leaves_room_to_answer_and_ends(asked):
    at = now()
    if asked is not None and abs(asked) > timedelta(days=200_000):
        asked = None
    given_time = answer_by_of(at + asked if asked is not None else None, at) - at
    assert SHORTEST_ANSWER_TIME <= given_time <= LONGEST_ANSWER_TIME
    if asked is None:
        assert given_time == USUAL_ANSWER_TIME
    elif SHORTEST_ANSWER_TIME <= asked <= LONGEST_ANSWER_TIME:
        assert given_time == asked


@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=LONGEST_ANSWER_TIME))
def test_support_is_reminded_of_a_review_before_silence_decides(left):
    at = now()
    assert at < review_by_of(at + left, at) < at + left


@pytest.mark.requirement("S73")
def test_the_reasons_are_the_closed_list_and_unpaid_bills_are_not_in_it():
    assert set(PORT_OUT_REASONS) == {*(str(code) for code in range(7510, 7520)), "7598"}
    text = " ".join(
        f"{each.name} {each.sentence}" for each in PORT_OUT_REASONS.values()
    ).lower()
    assert not {"unpaid", "bill", "debt", "contract"} & {*text.split()}
    final = {code for code, each in PORT_OUT_REASONS.items() if not each.is_correctable}
    assert final == {"7516", "7517", "7518"}
    assert find_port_out_reason(" 7513 ") is PORT_OUT_REASONS["7513"]
    assert find_port_out_reason("UNPAID") is None


@pytest.mark.parametrize("finding", list(Finding))
def test_every_finding_has_a_lawful_code_and_a_sentence(finding):
    answer = NumberAnswer(tracking_number=phone(1), finding=finding)
    assert answer.code == ACCEPTED or answer.code in PORT_OUT_REASONS
    assert answer.sentence.endswith(".")
    assert "account" not in answer.sentence.lower() or finding in {
        Finding.LEAVES,
        Finding.UNKNOWN,
        Finding.STILL_PORTING_IN,
        Finding.HAS_LEFT,
        Finding.PIN_MISSING,
        Finding.ACCOUNT_IDENTIFIER_WRONG,
    }


def test_what_is_not_here_sounds_the_same_whatever_the_cause():
    causes = [Finding.UNKNOWN, Finding.STILL_PORTING_IN, Finding.HAS_LEFT]
    answers = [NumberAnswer(tracking_number=phone(1), finding=cause) for cause in causes]
    assert len({(answer.code, answer.sentence) for answer in answers}) == 1
    assert {CODES[cause] for cause in causes} == {"7516"}


@pytest.mark.parametrize(
    ("states", "finding"),
    [
        ((), Finding.UNKNOWN),
        (("RELEASED",), Finding.UNKNOWN),
        (("PRECONFIGURED",), Finding.STILL_PORTING_IN),
        (("AWAITING_FIRST_CALL",), Finding.LEAVES),
        (("DISABLED", "ACTIVE"), Finding.LEAVES),
        (("DISABLED", "PRECONFIGURED"), Finding.STILL_PORTING_IN),
        (("PORTED_OUT",), Finding.HAS_LEFT),
        (("RELEASED", "QUARANTINED"), Finding.DISABLED),
    ],
)
def test_a_number_that_was_here_before_counts_as_it_is_now(states, finding):
    assert find_of_state(states) is finding


def test_a_report_is_read_in_any_writing_and_each_number_once():
    numbers, unreadable = read_reported(
        ["(212) 555-0001", "+12125550001", "1.80555E+10", "x\0y" * 30, "212-555-0002", ""]
    )
    assert numbers == [phone(1), phone(2)]
    assert unreadable == ["1.80555E+10", ("xy" * 30)[:40], ""]


@given(st.text())
def test_a_carriers_name_always_fits_its_column(text):
    name = clean_name(text)
    assert 0 < len(name) <= 120
    assert "\0" not in name
    assert clean_name(name) == name
