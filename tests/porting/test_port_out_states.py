"""A port-out's states and actions, without a database."""

from itertools import product

import pytest

from services.porting.domain.actions import (
    PortOutAction,
    port_out_actions_for,
)
from services.porting.domain.port_outs import (
    IGNORED,
    NEXT_STATUSES,
    PortOutEvent,
    PortOutStatus,
)
from tests.porting.builders import SUPPORT, a_member, a_port_out_row

ENDED = {"CONFIRMED", "REJECTED", "CANCELLED", "RETURNED"}


@pytest.mark.parametrize(("event", "status"), [*product(PortOutEvent, PortOutStatus)])
def test_every_event_leads_somewhere_is_ignored_or_is_refused(event, status):
    answer = a_port_out_row(status=status).next_status(event)
    leads, ignored = status in NEXT_STATUSES[event], status in IGNORED[event]
    assert not (leads and ignored)
    assert answer is (NEXT_STATUSES[event][status] if leads else status if ignored else None)


@pytest.mark.parametrize("event", list(PortOutEvent))
def test_nothing_leads_out_of_an_ended_port_out(event):
    assert not ENDED & NEXT_STATUSES[event].keys()


@pytest.mark.requirement("S73")
def test_silence_is_never_refused():
    event = PortOutEvent.ANSWER_TIME_PASSED
    assert NEXT_STATUSES[event].keys() | IGNORED[event] == set(PortOutStatus)


def test_each_caller_is_told_what_they_can_do_with_a_port_out():
    administrator = a_member("ADMINISTRATOR")
    for caller, status, actions in (
        (administrator, PortOutStatus.RECEIVED, (PortOutAction.AUTHORIZE,)),
        (administrator, PortOutStatus.PORTED_OUT, (PortOutAction.CONFIRM,)),
        (administrator, PortOutStatus.AUTHORIZED, ()),
        (a_member("MANAGER"), PortOutStatus.RECEIVED, ()),
        (SUPPORT, PortOutStatus.RECEIVED, ()),
        (SUPPORT, PortOutStatus.AUTHORIZED, ("SCHEDULE", "RECORD_PORTED_OUT")),
        (SUPPORT, PortOutStatus.SCHEDULED, ("RECORD_PORTED_OUT",)),
    ):
        assert port_out_actions_for(caller, status) == actions
