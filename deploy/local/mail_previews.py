"""Previews of mails for `docs/mails`: every text in both languages, and some mails whole."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from services.notifications.domain.mails import Mail, MailedNotice
from services.notifications.domain.messages import Message
from services.notifications.texts.catalogue import TEXTS, Locale
from services.notifications.texts.pages import Links, write_mail
from services.notifications.texts.wording import Told, Wording

# A content with every key that any text knows.
EXAMPLE: Final[Mapping[str, Any]] = {
    "account_name": "Ada's Analytical Engines",
    "answer_by": "2026-12-01T22:00:00+00:00",
    "blocked_until": "2026-12-01T22:15:00+00:00",
    "by": "support",
    "by_silence": True,
    "cause": "age",
    "changes": ["ADDED"],
    "code": "NUMBER_INACTIVE",
    "days": 3,
    "expires_at": "2026-12-14T15:00:00+00:00",
    "firm_date": "2026-12-08",
    "gaining_carrier": "Example Wireless",
    "is_correctable": True,
    "is_partial": True,
    "is_pin_set": True,
    "line_count": 12,
    "member_name": "Charles",
    "number_count": 12,
    "numbers": ["+12125550142", "+12125550143"],
    "reason": "Not before the move.",
    "reference": "PL-2026-000123",
    "request_name": "Spring move",
    "requester_name": "Manuela Manager",
    "role": "MANAGER",
    "starts_at": "2026-12-08T16:30:00+00:00",
    "status": "AWAITING_AUTHORIZATION",
    "unlocks_at": "2026-12-02T15:00:00+00:00",
    "waiting_on": "REQUESTER",
    "url": "https://hooks.customer.example",
}
_TOLD_AT: Final = datetime(2026, 11, 23, 15, tzinfo=UTC)
# Whole, as a reader gets them.
_WHOLE: Final[Mapping[str, tuple[Message, ...]]] = {
    "authorization_wanted": (Message.AUTHORIZATION_WANTED,),
    "letter_to_sign": (Message.LETTER_TO_SIGN,),
    "port_completed": (Message.PORT_COMPLETED,),
    "digest": (Message.PORT_SENT_TO_CARRIER, Message.PORT_APPROVED, Message.NOT_CALLED_YET),
}


def print_previews() -> Iterator[tuple[str, str]]:
    """Each file's name, and what stands in it."""
    for locale in Locale:
        yield f"{locale}.md", _texts(locale)
        for name, messages in _WHOLE.items():
            written = write_mail(_mail(messages, locale), _links(messages))
            yield f"{name}.{locale}.txt", f"{written.subject}\n\n{written.text}"
            if name != "digest":
                yield f"{name}.{locale}.html", f"{written.html}\n"


def _texts(locale: Locale) -> str:
    wording = Wording(locale=locale)
    lines = [f"# What people are told ({locale})\n"]
    for message in Message:
        lines.append(_text(f"`{message}`", wording.tell(message, EXAMPLE)))
        if TEXTS[message].signer:
            told = wording.tell(message, EXAMPLE, to_signer=True)
            lines.append(_text(f"`{message}`, to the signer", told))
    return "\n".join(lines)


def _text(name: str, told: Told) -> str:
    parts = [f"## {name}", f"**{told.title}**", told.body, told.next, *told.advice]
    turn = [f"*{told.turn}*"] if told.turn else []
    return "\n\n".join([*parts, *turn]) + "\n"


def _mail(messages: tuple[Message, ...], locale: Locale) -> Mail:
    is_letter = messages == (Message.LETTER_TO_SIGN,)
    return Mail(
        id="mail_preview",
        edition=1,
        account_id="acc_preview",
        account_name=EXAMPLE["account_name"],
        recipient="ltr_preview signer" if is_letter else "mem_preview",
        member_id=None if is_letter else "mem_preview",
        name="Sam Signer" if is_letter else "Ada Admin",
        address=None,
        is_suppressed=False,
        locale=locale,
        time_zone=None,
        is_digest=len(messages) > 1,
        attempts=1,
        doubts=0,
        first_tried_at=_TOLD_AT,
        traceparent=None,
        notices=tuple(
            MailedNotice(
                message=message,
                subject="pr_preview",
                occurred_at=_TOLD_AT,
                content={**EXAMPLE, "is_partial": False},
            )
            for message in messages
        ),
    )


def _links(messages: tuple[Message, ...]) -> Links:
    if messages == (Message.LETTER_TO_SIGN,):
        return Links(letter="https://porting.portline.example/letters/…")
    is_by_law = messages == (Message.AUTHORIZATION_WANTED,)
    return Links(
        console="https://console.portline.example/port-requests/pr_preview",
        unsubscribe=None if is_by_law else "https://notify.portline.example/unsubscribe/…",
    )
