"""Texts: every message in both languages, filled in without a word of theirs getting loose."""

import pytest
from jinja2 import Environment, UndefinedError, meta

from deploy.local.mail_previews import EXAMPLE, print_previews
from deploy.local.places import ROOT
from services.notifications.domain.contents import content_of
from services.notifications.domain.messages import Message
from services.notifications.domain.telling import MESSAGES
from services.notifications.domain.who_is_told import BY_LAW, EventGroup
from services.notifications.texts.catalogue import (
    ADVICE,
    FAULTS,
    FRAME,
    GROUPS,
    ROLES,
    TEXTS,
    TURNS,
    Locale,
)
from services.notifications.texts.phrases import Phrases
from services.notifications.texts.wording import Wording, feed_text
from services.porting.domain.rejections import REJECTION_CODES
from tests.notifications.facts import NUMBER
from tests.notifications.test_who_is_told import example_of

each_message = pytest.mark.parametrize("message", Message)
each_locale = pytest.mark.parametrize("locale", Locale)


def names_in(template: str) -> set[str]:
    environment = Environment(autoescape=True)
    environment.filters |= dict.fromkeys(
        ("day", "moment", "counted", "listed", "fault", "role"), str
    )
    return meta.find_undeclared_variables(environment.parse(template))


def everything_said(locale: Locale, message: Message, **changed: object) -> str:
    told = Wording(locale=locale).tell(message, {**EXAMPLE, **changed})
    return "\n".join([told.title, told.body, told.next, told.turn or "", *told.advice])


def test_every_message_has_its_text_and_every_shared_word_both_languages():
    assert set(TEXTS) == set(Message)
    for shared in (ADVICE, TURNS, FRAME, FAULTS, GROUPS, ROLES):
        assert {frozenset(words) for words in shared.values()} == {frozenset(Locale)}


def test_every_group_that_may_be_switched_off_has_its_name():
    assert set(GROUPS) == set(EventGroup) - BY_LAW


def test_every_code_of_porting_has_its_sentence():
    assert set(FAULTS) == set(REJECTION_CODES)


@each_locale
@each_message
def test_a_text_is_told_from_all_that_it_knows_and_from_what_it_needs_alone(message, locale):
    needed = {key: EXAMPLE[key] for key in TEXTS[message].needs}
    wording = Wording(locale=locale)

    full, least = wording.tell(message, EXAMPLE), wording.tell(message, needed)

    for told in (full, least):
        assert told.title
        assert told.body.endswith((".", "?"))
        assert told.next.endswith(".")
    words = TEXTS[message].words[locale]
    for template in (words.title, words.body, words.next):
        assert names_in(template) <= set(EXAMPLE)


@each_message
def test_both_languages_tell_the_same_things(message):
    english, french = (TEXTS[message].words[locale] for locale in Locale)

    for part in ("title", "body", "next"):
        told = [names_in(getattr(words, part)) for words in (english, french)]
        assert (told[0] ^ told[1]) <= {"number_count", "numbers"}, part


@each_locale
@pytest.mark.parametrize("fact", MESSAGES, ids=lambda fact: fact.type)
def test_what_a_notice_keeps_of_a_fact_is_what_its_text_needs(fact, locale):
    content = content_of(example_of(fact))
    if "role" in content:
        content["role"] = "ADMINISTRATOR"
    if content.get("numbers") == []:
        content |= {"numbers": [NUMBER], "number_count": 1}

    title, body = feed_text(MESSAGES[fact], content, locale)

    assert title
    assert body


def test_what_a_text_needs_and_does_not_get_is_a_fault():
    with pytest.raises(UndefinedError):
        Wording(locale=Locale.EN).tell(Message.PORT_APPROVED, {"request_name": "Spring move"})


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        (["ADDED"], "Charles was added to your account"),
        (["ROLE", "REMOVED"], "Charles was removed from your account"),
        (["ADDRESS"], "Charles has another e-mail address"),
        (["LOGIN", "ADDRESS"], "Charles has another login"),
        ([], "Charles was changed"),
    ],
)
def test_the_gravest_change_of_a_member_is_the_title(changes, title):
    told, body = feed_text(Message.MEMBER_CHANGED, {**EXAMPLE, "changes": changes}, "en")

    assert told == title
    assert body == "This was changed about Charles, whose role is manager."


def test_what_is_null_counts_as_missing():
    title, body = feed_text(
        Message.LETTER_EXPIRED, {"request_name": "Spring move", "cause": None}, "en"
    )

    assert title == "The letter of “Spring move” has expired"
    assert "its link does not work any more" in body


def test_a_language_that_we_do_not_speak_is_told_in_english():
    spanish = feed_text(Message.PORT_CANCELLED, EXAMPLE, "es")

    assert spanish == feed_text(Message.PORT_CANCELLED, EXAMPLE, "en")
    assert spanish != feed_text(Message.PORT_CANCELLED, EXAMPLE, "fr-CA")


@each_locale
def test_a_name_with_line_ends_and_turned_letters_stays_one_line(locale):
    wild = {
        **EXAMPLE,
        "request_name": "A\r\nBcc: eve@evil.example\n\n\u202egnirpS\u2028B\x00C",
    }

    title, body = feed_text(Message.PORT_SUBMITTED, wild, locale)

    assert "A Bcc: eve@evil.example gnirpS B C" in title
    assert title.splitlines() == [title]
    assert body.splitlines() == [body]


def test_a_very_long_name_is_cut():
    title, _ = feed_text(
        Message.PORT_SUBMITTED, {**EXAMPLE, "request_name": "x" * 9_000}, "en"
    )

    assert len(title) < 600


def test_markup_in_a_name_is_escaped_for_html_and_left_alone_in_plain_text():
    marked = {**EXAMPLE, "request_name": "<b>{{ 7 * 7 }}</b>"}

    plain = Wording(locale=Locale.EN).tell(Message.PORT_SUBMITTED, marked)
    escaped = Wording(locale=Locale.EN, escapes=True).tell(Message.PORT_SUBMITTED, marked)

    assert "<b>{{ 7 * 7 }}</b>" in plain.title
    assert "&lt;b&gt;{{ 7 * 7 }}&lt;/b&gt;" in escaped.title


@pytest.mark.requirement("S13")
@pytest.mark.requirement("S27")
@pytest.mark.requirement("S28")
@pytest.mark.parametrize("message", [Message.PORT_SUBMITTED, Message.AUTHORIZATION_WANTED])
def test_who_submits_is_warned_of_ending_the_service_and_of_the_carriers_fee(message):
    english = everything_said(Locale.EN, message)
    french = everything_said(Locale.FR_CA, message)

    assert "Do not cancel your service with your present carrier until" in english
    assert "it may be impossible to recover it" in english
    assert "may charge a port-out fee or an early-termination fee" in english
    assert "Ne résiliez pas votre service" in french
    assert "impossible de le récupérer" in french
    assert "frais de transfert ou de résiliation anticipée" in french


@pytest.mark.requirement("S28")
def test_a_number_that_was_cut_off_is_told_with_the_warning_that_was_given():
    said = everything_said(Locale.EN, Message.ACTION_REQUIRED, code="NUMBER_INACTIVE")

    assert "This is what the warning was about that you confirmed" in said


@pytest.mark.requirement("S68")
@pytest.mark.parametrize("message", [Message.LINES_PORTED, Message.PORT_COMPLETED])
def test_whoever_gets_numbers_is_invited_to_a_test_call(message):
    assert "Please make a test call" in everything_said(Locale.EN, message)
    assert "Veuillez faire un appel" in everything_said(Locale.FR_CA, message)


@pytest.mark.requirement("S79")
@pytest.mark.parametrize("message", [Message.PORT_OUT_PORTED, Message.PORTED_OUT_NOT_DISABLED])
def test_whoever_ported_out_is_told_to_disable_the_numbers_to_stop_charges(message):
    assert "until you do, we go on charging" in everything_said(Locale.EN, message)


@pytest.mark.parametrize(
    ("lines", "english", "french"),
    [(49, "4 to 6 weeks", "de 4 à 6 semaines"), (50, "6 to 8 weeks", "de 6 à 8 semaines")],
)
def test_the_window_depends_on_how_many_numbers_there_are(lines, english, french):
    message = Message.PORT_SUBMITTED

    assert english in everything_said(Locale.EN, message, line_count=lines)
    assert french in everything_said(Locale.FR_CA, message, line_count=lines)


@pytest.mark.parametrize(
    ("status", "turn"),
    [
        ("AWAITING_AUTHORIZATION", "an administrator of the account"),
        ("AWAITING_SIGNATURE", "the signer of the letter"),
        ("IN_REVIEW", "our support team"),
    ],
)
def test_whose_turn_it_is_follows_from_the_status(status, turn):
    told = Wording(locale=Locale.EN).tell(
        Message.PORT_SUBMITTED, {**EXAMPLE, "status": status}
    )

    assert told.turn == turn


@pytest.mark.parametrize(
    ("waiting_on", "turn"),
    [("SUPPORT", "our support team"), ("SIGNER", "the signer of the letter")],
)
def test_whose_turn_a_fault_is_says_the_fault(waiting_on, turn):
    content = {**EXAMPLE, "waiting_on": waiting_on}

    told = Wording(locale=Locale.EN).tell(Message.ACTION_REQUIRED, content)

    assert told.turn == turn
    assert ("resubmit" in told.next) == (waiting_on != "SUPPORT")


def test_dates_and_counts_are_written_as_each_language_has_them():
    english, french = Phrases(Locale.EN), Phrases(Locale.FR_CA)

    assert english.name_day("2026-12-08") == "December 8, 2026"
    assert french.name_day("2026-12-08") == "8 décembre 2026"
    # Half past midnight in London is the day before at the carrier.
    assert english.name_day("2026-12-08T00:30:00+00:00") == "December 7, 2026"
    assert english.name_moment("2026-07-01T15:00:00+00:00").startswith("July 1, 2026, 11:00")
    assert french.name_moment("2026-07-01T15:00:00+00:00").startswith(
        "1 juillet 2026, 11 h 00"
    )
    assert [english.count(n, "number", "numbers") for n in (0, 1, 2)] == [
        "0 numbers",
        "1 number",
        "2 numbers",
    ]
    assert french.count(0, "numéro", "numéros") == "0 numéro"


def test_an_unknown_time_zone_is_taken_for_eastern():
    instant = "2026-12-01T22:00:00+00:00"

    for zone in ("Mars/Olympus", "../etc/passwd", ""):
        assert Phrases(Locale.EN, zone).name_moment(instant) == (
            Phrases(Locale.EN).name_moment(instant)
        )


def test_of_many_numbers_some_are_named_and_the_others_counted():
    some = ["+12125550142", "+12125550143"]

    assert Phrases(Locale.EN).list_numbers(some[:1]) == "(212) 555-0142"
    assert Phrases(Locale.EN).list_numbers(some) == "(212) 555-0142 and (212) 555-0143"
    assert Phrases(Locale.FR_CA).list_numbers(some, 12) == (
        "(212) 555-0142, (212) 555-0143 et 10 de plus"
    )


def test_an_entry_that_lacks_something_is_named_and_hides_no_other(caplog):
    assert feed_text(Message.PORT_APPROVED, {}, "en") == ("Port approved", "")
    assert "an entry of a feed cannot be written" in caplog.messages


def test_the_previews_in_the_documentation_are_the_present_ones():
    printed = {file.name: file.read_text() for file in (ROOT / "docs/mails").iterdir()}

    assert printed == dict(print_previews()), "print them again: make snapshots"
