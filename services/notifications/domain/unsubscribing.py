"""Unsubscribing: a link that switches off one kind of mail of one member, and does nothing else.

It holds for ever: a mail may be read years later. Whoever has it can at most silence mails that
may be silenced, which the member turns on again with their preferences.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.notifications.domain.who_is_told import BY_LAW, EventGroup

_PURPOSE: Final = "unsubscribe"
_LONGEST: Final = 1_024


@dataclass(frozen=True, kw_only=True)
class Unsubscribing:
    account_id: str
    member_id: str
    groups: tuple[EventGroup, ...]


class UnsubscribeLinks:
    def __init__(self, public_url: str, secret: str) -> None:
        self._base = f"{public_url.rstrip('/')}/unsubscribe"
        self._secret = secret.encode()

    def make(self, account_id: str, member_id: str, groups: Sequence[EventGroup]) -> str:
        said = json.dumps([account_id, member_id, *groups], separators=(",", ":")).encode()
        return f"{self._base}/{_text(said)}.{_text(self._sign(said))}"

    def read(self, token: str) -> Unsubscribing | None:
        """None for what we have not signed, and for what the law wants told."""
        if len(token) > _LONGEST or not token.isascii():
            return None
        said_text, _, signature_text = token.partition(".")
        try:
            said, signature = _bytes(said_text), _bytes(signature_text)
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(self._sign(said), signature):
            return None
        account_id, member_id, *groups = json.loads(said)
        known = tuple(EventGroup(group) for group in groups if group in {*EventGroup})
        return Unsubscribing(
            account_id=account_id,
            member_id=member_id,
            groups=tuple(group for group in known if group not in BY_LAW),
        )

    def _sign(self, said: bytes) -> bytes:
        return hmac.new(self._secret, f"{_PURPOSE}\n".encode() + said, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
