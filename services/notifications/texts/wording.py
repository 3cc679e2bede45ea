"""Wording: a message's templates filled with a notice's content, in one language.

A content comes from events and from what customers wrote. It is cleaned before it is filled in:
no line ends and no signs that turn the direction of reading, so that a title is one line and a
header. What is for HTML is escaped.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template, UndefinedError

from libs.contracts.port_windows import weeks_of
from services.notifications.domain.messages import Message
from services.notifications.texts.catalogue import ADVICE, FRAME, TEXTS, TURNS, Locale
from services.notifications.texts.phrases import EASTERN, Phrases

log = logging.getLogger(__name__)

# What a content brings about that lacks something, or has it in another form.
UNWRITABLE: Final = (UndefinedError, KeyError, TypeError, ValueError, AttributeError)
# Of languages, forms and time zones, and of what is filled in in them.
_KINDS_KEPT: Final = 64
_TEMPLATES_KEPT: Final = 4_096
# The most that one value of a customer's may take of a title.
_LONGEST: Final = 500
# C0, C1, line and paragraph separators, and the marks that embed, override or isolate a direction.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f]+"
)
# A blank before these, and after an opening guillemet, never ends a line in French.
_FRENCH_BLANKS: Final = re.compile(r" (?=[:»])|(?<=«) ")

# Whose turn it is where nothing but the request's status says so.
_TURNS_BY_STATUS: Final = {
    "DRAFT": "requester",
    "AWAITING_AUTHORIZATION": "administrator",
    "AWAITING_SIGNATURE": "signer",
    "ACTION_REQUIRED": "requester",
    "IN_REVIEW": "support",
    "WITH_CARRIER": "losing_carrier",
    "APPROVED": "losing_carrier",
    "PORTING": "losing_carrier",
    "CANCEL_REQUESTED": "losing_carrier",
    "COMPLETED": "nobody",
    "PARTIALLY_COMPLETED": "nobody",
    "CANCELLED": "nobody",
    "EXPIRED": "nobody",
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A message in words; each part one paragraph."""

    title: str
    body: str
    next: str
    turn: str | None
    advice: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """`escapes` for HTML; plain text otherwise."""

    locale: Locale
    escapes: bool = False
    time_zone: str = EASTERN

    def tell(
        self, message: Message, content: Mapping[str, Any], *, to_signer: bool = False
    ) -> Told:
        """Raises jinja2.UndefinedError where the content lacks what the text needs."""
        text = TEXTS[message]
        if to_signer and text.signer:
            text = text.signer
        words = text.words[self.locale]
        known = clean(content)
        whose = _turn_of(text.turn, known)
        least, most = weeks_of(known.get("line_count", 0))
        weeks = {"least": least, "most": most}
        return Told(
            title=self.fill(words.title, known),
            body=self.fill(words.body, known),
            next=self.fill(words.next, known),
            turn=self.fill(TURNS[whose][self.locale], {}) if whose else None,
            advice=[self.fill(ADVICE[name][self.locale], weeks) for name in text.advice],
        )

    def frame(self, name: str, **values: Any) -> str:
        """One of the words around a mail's text."""
        return self.fill(FRAME[name][self.locale], clean(values))

    def fill(self, template: str, values: Mapping[str, Any]) -> str:
        return _compiled(self._kind, template).render(values).strip()

    @property
    def _kind(self) -> "_Kind":
        return _Kind(locale=self.locale, escapes=self.escapes, time_zone=self.time_zone)


def feed_text(message: Message, content: Mapping[str, Any], locale: str) -> tuple[str, str]:
    """Title and body of a line of the feed: plain text, for a page to escape.

    Of one that cannot be written the title is its name: it must not hide the others of its page.
    """
    text, speaks = TEXTS[message], Locale.of(locale)
    words = text.words[speaks]
    try:
        wording, known = Wording(locale=speaks), clean(content)
        return wording.fill(words.title, known), wording.fill(words.body, known)
    except UNWRITABLE:
        log.exception(
            "an entry of a feed cannot be written",
            extra={"action": "feed_entry.not_written", "notice_message": message.value},
        )
        return message.value.replace("_", " ").capitalize(), ""


def clean(content: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is null, and each text in one line of a length that fits."""
    return {key: _clean(value) for key, value in content.items() if value is not None}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        line = " ".join(_UNSEEN.sub(" ", value).split())
        return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    if isinstance(value, Mapping):
        return clean(value)
    if isinstance(value, Sequence):
        return [_clean(each) for each in value]
    return value


def _turn_of(turn: str | None, content: Mapping[str, Any]) -> str | None:
    if turn == "waiting_on":
        return str(content.get("waiting_on", "REQUESTER")).lower()
    return turn or _TURNS_BY_STATUS.get(content.get("status", ""))


@dataclass(frozen=True, kw_only=True)
class _Kind:
    locale: Locale
    escapes: bool
    time_zone: str


@lru_cache(maxsize=_KINDS_KEPT)
def _environment(kind: _Kind) -> Environment:
    phrases = Phrases(kind.locale, kind.time_zone)
    environment = Environment(
        autoescape=kind.escapes,  # noqa: S701 - False is for plain text alone
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "day": phrases.name_day,
        "moment": phrases.name_moment,
        "counted": phrases.count,
        "listed": phrases.list_numbers,
        "fault": phrases.explain_fault,
        "role": phrases.name_role,
    }
    return environment


@lru_cache(maxsize=_TEMPLATES_KEPT)
def _compiled(kind: _Kind, template: str) -> Template:
    if kind.locale is Locale.FR_CA:
        template = _FRENCH_BLANKS.sub("\u00a0", template)
    return _environment(kind).from_string(template)
