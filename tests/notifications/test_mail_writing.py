"""What is in a mail: headers that nobody injects into, escaped HTML, a calendar, ways to stop it."""

from datetime import date

import pytest
from icalendar import Calendar

from libs.common.telemetry import current_trace_id
from services.notifications.domain.mails import MailState
from services.notifications.domain.messages import Message
from tests.notifications.mail_server import calendars_of, html_of, text_of
from tests.notifications.mailing import LINKS

MARKUP = "<img src=x onerror=alert(1)></mj-text><mj-raw>{{ 7 * 7 }}"


async def test_markup_in_names_stays_text_in_html(post):
    await post.add(Message.PORT_SUBMITTED, name=MARKUP, request_name=MARKUP)

    await post.send()

    (message,) = post.server.taken
    html = html_of(message)
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "49" not in html
    assert MARKUP in text_of(message)


@pytest.mark.parametrize("name", ["Eve\r\nBcc: all@evil.example", "Eve\nBcc: x\u0085\u2028"])
async def test_line_ends_in_names_make_no_header(post, name):
    await post.add(Message.PORT_SUBMITTED, name=name, request_name=name)

    await post.send()

    (message,) = post.server.taken
    assert "Bcc" not in message
    assert post.server.recipients == ["ada@customer.example"]


async def test_a_name_of_any_script_arrives_as_it_is(post):
    await post.add(Message.PORT_SUBMITTED, name="Zoë Łukasiewicz, 田中", request_name="Été 🚀")

    await post.send()

    (message,) = post.server.taken
    assert message["To"].addresses[0].display_name == "Zoë Łukasiewicz, 田中"
    assert message["Subject"] == "“Été 🚀” was submitted"


async def test_a_domain_of_any_script_is_written_as_the_dns_has_it(post):
    await post.add(Message.PORT_SUBMITTED, address="ada@bücher.example")

    await post.send()

    assert post.server.recipients == ["ada@xn--bcher-kva.example"]


async def test_a_local_part_beyond_ascii_goes_to_a_server_that_takes_it(post):
    mail_id = await post.add(Message.PORT_SUBMITTED, address="zoë@customer.example")

    await post.send()

    assert await post.state_of(mail_id) == MailState.SENT
    assert post.server.recipients == ["zoë@customer.example"]


async def test_a_server_without_smtputf8_leaves_such_an_address_failed_and_says_why(post):
    post.server.supports_utf8 = False
    mail_id = await post.add(Message.PORT_SUBMITTED, address="zoë@customer.example")

    await post.send()

    row = await post.look_at(mail_id)
    assert (row["state"], row["reason"]) == ("failed", "mail_server_without_smtputf8")


async def test_what_is_no_address_fails_without_a_word_to_the_server(post):
    address = "ada@customer.example\r\nRCPT TO:<eve@evil.example>"
    mail_id = await post.add(Message.PORT_SUBMITTED, address=address)

    await post.send()

    row = await post.look_at(mail_id)
    assert (row["state"], row["reason"]) == ("failed", "bad_address")
    assert post.server.connections == 0


async def test_a_notice_without_what_its_text_needs_fails_alone(post):
    bad = await post.add(Message.PORT_APPROVED, firm_date=None)
    good = await post.add(Message.PORT_APPROVED)

    await post.send()
    await post.send()

    row = await post.look_at(bad)
    assert (row["state"], row["reason"]) == ("failed", "text_lacks_content")
    assert await post.state_of(good) == "sent"


async def test_a_mail_that_may_be_switched_off_carries_one_click_links(post):
    await post.add(Message.PORT_COMPLETED, Message.FIRM_DATE_NEAR)

    await post.send()

    (message,) = post.server.taken
    url = message["List-Unsubscribe"].strip("<>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in text_of(message)
    asked = LINKS.read(url.rpartition("/")[2])
    assert asked is not None
    assert (asked.account_id, asked.member_id) == ("acc_a", "mem_a")
    assert asked.groups == ("reminders", "requests")


@pytest.mark.parametrize(
    "message",
    [Message.PORT_OUT_RECEIVED, Message.AUTHORIZATION_WANTED, Message.MEMBER_CHANGED],
)
async def test_what_the_law_wants_told_carries_no_way_to_stop_it(post, message):
    await post.add(message)

    await post.send()

    (sent,) = post.server.taken
    assert "List-Unsubscribe" not in sent
    assert "unsubscribe" not in text_of(sent).lower()
    assert "unsubscribe" not in html_of(sent).lower()


async def test_several_notices_make_one_digest(post):
    await post.add(Message.PORT_COMPLETED, Message.PORT_SENT_TO_CARRIER, locale="fr-CA")

    await post.send()

    (message,) = post.server.taken
    assert message["Subject"] == "2 nouvelles de vos numéros"
    text = text_of(message)
    assert "Depuis notre dernier résumé" in text
    assert "« Spring move »" in text.replace("\u00a0", " ")
    assert "est chez le fournisseur actuel" in text


@pytest.mark.parametrize(
    ("subject", "link"),
    [
        ("pr_1", "https://console.portline.example/port-requests/pr_1"),
        ("po_1", "https://console.portline.example/port-outs/po_1"),
    ],
)
async def test_a_mail_leads_to_what_it_is_about(post, subject, link):
    await post.add(Message.PORT_COMPLETED, subject=subject)

    await post.send()

    (message,) = post.server.taken
    assert link in text_of(message)
    assert f'href="{link}"' in html_of(message)


@pytest.mark.parametrize(
    "message",
    [Message.PORT_APPROVED, Message.FIRM_DATE_CHANGED, Message.FIRM_DATE_NEAR],
)
async def test_a_firm_date_comes_as_a_day_of_the_calendar(post, message):
    await post.add(message, locale="fr-CA")

    await post.send()

    (sent,) = post.server.taken
    (calendar,) = calendars_of(sent)
    (event,) = Calendar.from_ical(calendar).walk("VEVENT")
    assert event["uid"] == "firm-date.pr_1@portline"
    assert event.decoded("dtstart") == date(2026, 12, 8)
    assert event.decoded("dtend") == date(2026, 12, 9)
    assert str(event["summary"]).replace("\u00a0", " ") == "Transfert de « Spring move »"
    assert b"METHOD:PUBLISH" in calendar


async def test_other_mails_have_no_calendar(post):
    await post.add(Message.PORT_COMPLETED)

    await post.send()

    (message,) = post.server.taken
    assert list(calendars_of(message)) == []


async def test_a_time_is_told_as_the_readers_clock_shows_it(post):
    async with post.database.working() as connection:
        await connection.execute(
            "INSERT INTO notification_habits VALUES "
            "('mem_w', 'acc_a', 'en', 'America/Vancouver', NULL, NULL, '08:00', 1)"
        )
    await post.add(Message.PORT_OUT_RECEIVED, to="mem_w")
    await post.add(Message.PORT_OUT_RECEIVED, to="mem_e")

    await post.send()
    await post.send()

    told = " ".join(text_of(message) for message in post.server.taken)
    assert "December 1, 2026, 2:00\u202fPM PST" in told
    assert "December 1, 2026, 5:00\u202fPM EST" in told


async def test_a_mail_is_sent_in_the_trace_of_what_it_tells(post):
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    seen = []
    send = post.worker.server.send

    async def look(envelope):
        seen.append(current_trace_id())
        return await send(envelope)

    post.worker.server.send = look
    await post.add(Message.PORT_COMPLETED, traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")

    await post.send()

    assert seen == [trace_id]


async def test_what_support_gets_says_that_it_is_for_the_desk(post):
    await post.add(Message.PORT_PAST_WINDOW, to=None, recipient="support", name="")

    await post.send()

    (message,) = post.server.taken
    assert " ".join(text_of(message).split()).startswith(
        "Hello, This is what the account is told"
    )
    assert "List-Unsubscribe" not in message


async def test_a_digest_says_how_many_more_there_are_and_each_warning_once(post):
    await post.add(*[Message.PORT_SUBMITTED] * 103)

    await post.send()

    (message,) = post.server.taken
    assert message["Subject"] == "103 updates about your numbers"
    assert "3 more are in your account." in text_of(message)
    assert text_of(message).count("Do not cancel your service") == 1
    assert html_of(message).count("Do not cancel your service") == 1
