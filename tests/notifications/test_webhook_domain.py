"""What webhooks say, how they are signed, and when they are sent again."""

import json
import re
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from deploy.local.places import ROOT, find_node_package
from libs.contracts.number_events import NUMBER_EVENTS
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.porting_events.letters import LetterSent
from libs.contracts.porting_events.lines import LinesPorted, PortedLine
from libs.contracts.porting_events.registry import PORTING_EVENTS
from services.notifications.domain.webhook_deliveries import (
    SCHEDULE,
    Answer,
    AttemptFault,
    DeliveryState,
    DueDelivery,
    judge,
    read_answer,
    rest_after,
)
from services.notifications.domain.webhook_facts import (
    DELIVERED,
    LONGEST_BODY,
    NOT_DELIVERED,
    account_of,
    write_body,
)
from services.notifications.domain.webhook_secrets import make_secret, message_id_of, sign
from tests.notifications.facts import START, account_changed, approved, event, submitted

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
# As receivers are shown it, written from the specification in another language.
[SHOWN] = re.findall(r"```js\n(.*?)```", (ROOT / "docs/webhooks.md").read_text(), re.DOTALL)
VERIFY = f"""
{SHOWN}
const {{ secret, headers, body }} = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
process.exit(isSigned(secret, headers, body) ? 0 : 1);
"""


def verifies_in_node(secret: str, headers: dict[str, str], body: str) -> bool:
    node = find_node_package()
    assert node is not None
    given = json.dumps({"secret": secret, "headers": headers, "body": body})
    run = subprocess.run(
        [node / "bin/node", "-e", VERIFY], input=given, text=True, check=False
    )
    return run.returncode == 0


def due(attempts: int = 0) -> DueDelivery:
    return DueDelivery(
        id="whd_1", message_id="msg_1", attempts=attempts, body="{}", traceparent=None
    )


def judged(answer: Answer, attempts: int = 0):
    return judge(due(attempts), answer, started_at=NOW - timedelta(seconds=2), ended_at=NOW)


def test_of_every_fact_it_is_said_whether_customers_receive_it() -> None:
    everything = (*PORTING_EVENTS, *NUMBER_EVENTS)

    assert set(DELIVERED) | set(NOT_DELIVERED) == set(everything)
    assert not set(DELIVERED) & set(NOT_DELIVERED)
    assert len(DELIVERED) + len(NOT_DELIVERED) == len(everything)


def test_no_internal_fact_is_sent_to_customers() -> None:
    assert not [fact for fact in DELIVERED if getattr(fact, "is_internal", False)]


def test_a_body_has_type_timestamp_and_data() -> None:
    told = approved("pr_1", 7)

    body = json.loads(write_body(told))

    assert body["type"] == "porting.port_approved.v1"
    assert body["timestamp"] == "2026-01-31T09:30:07Z"
    assert body["data"]["event_id"] == str(told.id)
    assert (body["data"]["subject"], body["data"]["version"]) == ("pr_1", 7)
    assert body["data"]["firm_date"] == "2026-03-01"
    assert body["data"]["account_id"] == "acc_a"


def test_what_only_our_services_need_is_kept_back() -> None:
    sent = LetterSent(
        **vars(submitted().fact), letter_id="ltr_1", link_id="lnk_1", expires_at=START
    )

    assert "lnk_1" not in write_body(event(sent, "pr_1"))


def test_which_person_of_support_acted_is_ours_to_know() -> None:
    told = submitted(requester_id="support:alice")

    assert "alice" not in write_body(told)


def test_a_body_that_would_be_too_long_names_the_lists_that_it_leaves_out() -> None:
    line = PortedLine(
        line_id="ln_" + "0" * 26,
        tracking_number=PhoneNumber("+12125550142"),
        ported_at=START,
        evidence="carrier",
    )
    fact = LinesPorted(**vars(submitted().fact), batch=1, of=1, lines=[line] * 500)

    body = write_body(event(fact, "pr_1"))

    assert len(body) <= LONGEST_BODY
    assert json.loads(body)["data"]["omitted"] == ["lines"]
    assert "lines" not in json.loads(body)["data"]


def test_an_accounts_own_facts_are_its_own() -> None:
    assert account_of(account_changed("acc_b")) == "acc_b"
    assert account_of(submitted(account_id="acc_c")) == "acc_c"


def test_a_signature_is_verified_by_the_reference_library_and_by_another_language() -> None:
    secret, body = make_secret(), write_body(submitted(name="Umzüge & <b>mehr</b>"))

    headers = sign([Webhook(secret)], "msg_1", datetime.now(UTC), body)

    Webhook(secret).verify(body, headers)
    assert verifies_in_node(secret, headers, body)
    assert not verifies_in_node(secret, headers, body + " ")
    assert not verifies_in_node(make_secret(), headers, body)
    old = sign([Webhook(secret)], "msg_1", datetime.now(UTC) - timedelta(minutes=6), body)
    assert not verifies_in_node(secret, old, body)


def test_while_one_secret_takes_anothers_place_both_verify() -> None:
    old, new = make_secret(), make_secret()

    headers = sign([Webhook(new), Webhook(old)], "msg_1", datetime.now(UTC), "{}")

    for secret in (old, new):
        Webhook(secret).verify("{}", headers)
        assert verifies_in_node(secret, headers, "{}")
    with pytest.raises(WebhookVerificationError):
        Webhook(make_secret()).verify("{}", headers)


def test_the_timestamp_is_of_the_attempt() -> None:
    headers = sign([Webhook(make_secret())], "msg_1", datetime.now(UTC), "{}")

    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5


def test_an_event_at_an_endpoint_has_one_id_for_ever() -> None:
    first, second = submitted(), submitted()

    assert message_id_of("whk_1", first.id) == message_id_of("whk_1", first.id)
    ids = {message_id_of(to, each.id) for to in ("whk_1", "whk_2") for each in (first, second)}
    assert len(ids) == 4


def test_the_whole_schedule_of_standard_webhooks_is_kept() -> None:
    at, answer = NOW, Answer(fault=AttemptFault.TIMEOUT)
    for attempts, pause in enumerate(SCHEDULE[1:]):
        attempt = judged(answer, attempts)
        assert attempt.state is DeliveryState.PENDING
        assert pause <= attempt.due_at - NOW <= 1.1 * pause
        at += pause

    assert at - NOW == timedelta(hours=75, minutes=35, seconds=5)
    assert judged(answer, len(SCHEDULE) - 1).state is DeliveryState.FAILED


def test_pauses_are_not_all_alike() -> None:
    answer = Answer(fault=AttemptFault.TIMEOUT)

    assert len({judged(answer, 3).due_at for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("asked", "at_least", "at_most"),
    [
        ("120", 120, 121),
        ("Mon, 23 Nov 2026 12:10:00 GMT", 600, 601),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 5, 6),
        ("99999999999999999999", 86_400, 86_401),
        ("Sat, 01 Jan 2050 00:00:00 GMT", 86_400, 86_401),
        ("-5", 5, 6),
        ("soon", 5, 6),
        ("", 5, 6),
        ("Mon, 99 Nov 2026 12:10:00 GMT", 5, 6),
        ("Mon, 23 Nov 99999999999999999999 12:10:00 GMT", 5, 6),
        ("Mon, 23 Nov 2026 12:10:00 +99999999999999", 5, 6),
        ("²", 5, 6),
    ],
)
def test_a_receiver_may_ask_for_a_longer_pause_within_bounds(asked, at_least, at_most) -> None:
    attempt = judged(read_answer(429, b"", asked))

    assert at_least <= (attempt.due_at - NOW).total_seconds() <= at_most


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_two_hundreds_deliver(status: int) -> None:
    attempt = judged(read_answer(status, b"", None))

    assert (attempt.state, attempt.number, attempt.duration_ms) == ("DELIVERED", 1, 2_000)


@pytest.mark.parametrize("status", [100, 199, 300, 304, 400, 404, 410, 429, 500, 503])
def test_nothing_else_delivers(status: int) -> None:
    assert judged(read_answer(status, b"", None)).state is DeliveryState.PENDING


def test_an_endpoint_rests_the_longer_the_more_often_it_fails_and_never_for_long() -> None:
    failed = Answer(fault=AttemptFault.TIMEOUT)
    rests = [rest_after(count, failed, NOW).total_seconds() for count in (1, 2, 3, 4, 5, 500)]

    assert rests == [5, 10, 20, 40, 60, 60]
    asked = read_answer(503, b"", "7200")
    assert rest_after(1, asked, NOW) == timedelta(hours=1)
