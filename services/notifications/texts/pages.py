"""Pages: a mail's subject, its text and its HTML, from one layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import mrml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.notifications.domain.mails import Mail, MailedNotice
from services.notifications.domain.messages import Message
from services.notifications.texts.catalogue import Locale
from services.notifications.texts.phrases import EASTERN
from services.notifications.texts.wording import (
    UNWRITABLE,
    Told,
    Wording,
    clean,
)

_LAYOUTS: Final = Path(__file__).parent / "words"


@dataclass(frozen=True, kw_only=True)
class Links:
    """`letter` leads to the letter and holds a token: it is in the mail and nowhere else."""

    letter: str | None = None
    console: str | None = None
    unsubscribe: str | None = None


@dataclass(frozen=True, kw_only=True)
class WrittenMail:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class _Section:
    message: Message
    told: Told


def write_mail(mail: Mail, links: Links) -> WrittenMail:
    """Raises jinja2.UndefinedError where a notice's content lacks what its text needs."""
    wording = Wording(
        locale=Locale.of(mail.locale),
        time_zone=mail.time_zone or EASTERN,
    )
    plain = _fill(mail, links, wording)
    marked = _fill(mail, links, replace(wording, escapes=True))
    mjml = _layout("layout.mjml.jinja", escapes=True, values=marked)
    return WrittenMail(
        subject=plain["subject"],
        text=_layout("layout.txt.jinja", escapes=False, values=plain),
        html=str(mrml.to_html(mjml).content),
    )


def subject_of(notices: Sequence[MailedNotice], *, is_digest: bool) -> str:
    """In English, for support; never a link. The message's name where it cannot be written."""
    wording = Wording(locale=Locale.EN)
    if is_digest and len(notices) != 1:
        return wording.frame("digest", count=len(notices))
    first = notices[0]
    try:
        return wording.tell(first.message, first.content).title
    except UNWRITABLE:
        return first.message


def _fill(mail: Mail, links: Links, wording: Wording) -> Mapping[str, Any]:
    account = {"account_name": mail.account_name} if mail.account_name else {}
    sections = [
        _Section(
            message=notice.message,
            told=wording.tell(
                notice.message, {**account, **notice.content}, to_signer=mail.is_for_signer
            ),
        )
        for notice in mail.notices
    ]
    is_digest = mail.is_digest and len(sections) > 1
    if is_digest:
        sections = _saying_once(sections)
    said = {
        "subject": wording.frame("digest", count=len(sections) + mail.more)
        if is_digest
        else sections[0].told.title,
        "greeting": wording.frame("greeting", recipient_name=mail.name)
        if mail.name.strip()
        else wording.frame("greeting_of_nobody"),
        "intro": _intro(mail, wording, is_digest=is_digest),
        "more": wording.frame("digest_more", count=mail.more) if mail.more else "",
        "why": wording.frame(_why(mail)),
        "words": {
            name: wording.frame(name) for name in ("next", "turn", "account", "unsubscribe")
        },
    }
    return {
        **(_marked(said) if wording.escapes else said),
        "sections": [_marked_section(each) for each in sections]
        if wording.escapes
        else sections,
        "is_digest": is_digest,
        "locale": wording.locale,
        "account_name": clean(account).get("account_name"),
        "link": links.letter or links.console,
        "link_label": wording.frame("open_letter" if links.letter else "open_console"),
        "unsubscribe": links.unsubscribe,
    }


def _saying_once(sections: Sequence[_Section]) -> list[_Section]:
    """An advice that several of a digest give stands with the first of them."""
    said: set[str] = set()
    shown = []
    for section in sections:
        advice = [each for each in section.told.advice if each not in said]
        said.update(advice)
        shown.append(replace(section, told=replace(section.told, advice=advice)))
    return shown


def _intro(mail: Mail, wording: Wording, *, is_digest: bool) -> str:
    if mail.is_for_support:
        return wording.frame("for_support")
    return wording.frame("digest_intro") if is_digest else ""


def _why(mail: Mail) -> str:
    if mail.is_for_signer:
        return "why_signer"
    return "why_support" if mail.is_for_support else "why"


def _marked(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a wording for HTML has escaped already, so that the layout does not again."""
    return {
        name: _marked(value) if isinstance(value, Mapping) else Markup(value)  # noqa: S704
        for name, value in said.items()
    }


def _marked_section(section: _Section) -> _Section:
    told = section.told
    return replace(
        section,
        told=Told(
            title=Markup(told.title),  # noqa: S704
            body=Markup(told.body),  # noqa: S704
            next=Markup(told.next),  # noqa: S704
            turn=Markup(told.turn) if told.turn else None,  # noqa: S704
            advice=[Markup(each) for each in told.advice],  # noqa: S704
        ),
    )


@cache
def _environment(escapes: bool) -> Environment:  # noqa: FBT001 - a key of the cache
    return Environment(
        loader=FileSystemLoader(_LAYOUTS),
        autoescape=escapes,  # noqa: S701 - False is for plain text alone
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _layout(name: str, *, escapes: bool, values: Mapping[str, Any]) -> str:
    return _environment(escapes).get_template(name).render(values).strip() + "\n"
