"""Mails without a database: addresses, and links that switch one kind of mail off."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from services.notifications.domain.mails import Mail, MailState, TurnedAway, judge
from services.notifications.domain.recipients import BadAddress, Recipient
from services.notifications.domain.unsubscribing import UnsubscribeLinks
from services.notifications.domain.who_is_told import EventGroup
from services.notifications.integrations.mail_server import MailServerPlace
from tests.notifications.facts import START

MAIL = Mail(
    id="mail_1",
    edition=1,
    account_id="acc_a",
    account_name="Ada's Analytical Engines",
    recipient="mem_a",
    member_id="mem_a",
    name="Ada",
    address="ada@customer.example",
    is_suppressed=False,
    locale="en",
    time_zone=None,
    is_digest=False,
    attempts=1,
    doubts=0,
    first_tried_at=START,
    traceparent=None,
    notices=(),
)
LINKS = UnsubscribeLinks("https://notify.portline.example/", "s" * 32)


@pytest.mark.parametrize(
    ("text", "address", "needs_utf8"),
    [
        ("ada@customer.example", "ada@customer.example", False),
        (" Ada.O'Neil+x@Customer.example ", "Ada.O'Neil+x@customer.example", False),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", False),
        ("zoë@customer.example", "zoë@customer.example", True),
    ],
)
def test_an_address_is_read_as_an_envelope_has_it(text, address, needs_utf8):
    recipient = Recipient.parse(text)

    assert (recipient.address, recipient.needs_utf8) == (address, needs_utf8)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@customer.example",
        "ada@",
        "a b@customer.example",
        '"a b"@customer.example',
        "ada@customer.example\r\nRCPT TO:<eve@evil.example>",
        "ada@customer.example>,<eve@evil.example",
        "ada\u2028@customer.example",
        "ada\u202e@customer.example",
        ".ada@customer.example",
        "ada.@customer.example",
        "a..b@customer.example",
        "ada@-customer-.example",
        "ada@customer..example",
        f"{'a' * 65}@customer.example",
        f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.example",
    ],
)
def test_what_is_no_address_is_refused_without_being_told(text):
    with pytest.raises(BadAddress) as refused:
        Recipient.parse(text)

    assert "ada" not in str(refused.value)


def test_a_link_switches_off_what_it_was_made_for():
    url = LINKS.make("acc_a", "mem_a", [EventGroup.REQUESTS, EventGroup.NUMBERS])

    asked = LINKS.read(url.removeprefix("https://notify.portline.example/unsubscribe/"))

    assert asked is not None
    assert (asked.account_id, asked.member_id) == ("acc_a", "mem_a")
    assert asked.groups == (EventGroup.REQUESTS, EventGroup.NUMBERS)


def test_a_link_never_switches_off_what_the_law_wants_told():
    url = LINKS.make("acc_a", "mem_a", [EventGroup.PORT_OUTS, EventGroup.CASES])

    asked = LINKS.read(url.rpartition("/")[2])

    assert asked is not None
    assert asked.groups == (EventGroup.CASES,)


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.é", "x" * 5_000, "*.*", "YQ.YQ"])
def test_what_is_no_link_of_ours_does_nothing(token):
    assert LINKS.read(token) is None


def test_a_link_of_another_member_or_another_secret_does_nothing():
    token = LINKS.make("acc_a", "mem_a", [EventGroup.CASES]).rpartition("/")[2]
    said, _, signature = token.partition(".")
    other = base64.urlsafe_b64encode(b'["acc_a","mem_b","cases"]').decode().rstrip("=")

    assert LINKS.read(f"{other}.{signature}") is None
    assert LINKS.read(f"{said}.{signature[:-2]}AA") is None
    assert UnsubscribeLinks("https://x.example", "t" * 32).read(token) is None


@pytest.mark.parametrize(
    ("url", "host", "listen_port", "is_encrypted"),
    [
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, False),
        ("smtps://ada:p%40ss@mail.example", "mail.example", 465, True),
        ("smtp+starttls://mail.example", "mail.example", 587, True),
    ],
)
def test_a_mail_servers_place_is_read_from_its_url(url, host, listen_port, is_encrypted):
    place = MailServerPlace.parse(url)

    assert (place.host, place.listen_port, place.is_encrypted) == (
        host,
        listen_port,
        is_encrypted,
    )
    assert "p@ss" not in repr(place)


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example"])
def test_what_is_no_mail_servers_place_is_refused(url):
    with pytest.raises(ValueError, match="SMTP_URL"):
        MailServerPlace.parse(url)


def test_tries_come_later_and_later_and_end_after_three_days():
    not_now = TurnedAway(code="451", is_permanent=False, is_address=True)
    now, waits, mail = START, [], MAIL
    while (verdict := judge(mail, not_now, now)).state is MailState.QUEUED:
        waits.append(verdict.due_at - now)
        now = verdict.due_at
        mail = replace(mail, attempts=mail.attempts + 1)

    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (1, 5, 15, 30)]
    assert set(waits[4:]) == {timedelta(hours=1)}
    assert timedelta(days=3) <= now - START < timedelta(days=3, hours=1)
    assert (verdict.state, verdict.code) == (MailState.FAILED, "451")
