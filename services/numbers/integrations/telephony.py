"""How a telephony system signs the calls that it tells over HTTP: Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import re
import time
from collections.abc import Mapping, Sequence
from typing import Final

from standardwebhooks import Webhook, WebhookVerificationError

WINDOW_S: Final = 300
_SHORTEST_SECRET: Final = 24
_PREFIX: Final = "whsec_"
_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


class NotSigned(Exception):
    """Nobody whom we know has signed this."""


class OutOfWindow(Exception):
    """Signed too long ago, or by a clock that runs ahead."""


def read_secrets(text: str) -> list[bytes]:
    """Raises `ValueError` for what is no secret: base64 of 24 bytes or more, with commas."""
    secrets = []
    for each in text.split(","):
        encoded = each.strip().removeprefix(_PREFIX)
        secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        if len(secret) < _SHORTEST_SECRET:
            raise ValueError(f"each is base64 of at least {_SHORTEST_SECRET} bytes")
        secrets.append(secret)
    return secrets


class Signatures:
    """Any of the secrets will do: while one takes another's place there are two."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._webhooks = [Webhook(secret) for secret in secrets]

    def read_time(self, headers: Mapping[str, str]) -> int:
        """When it was signed, in seconds since 1970, before anything else is looked at.

        Raises `NotSigned` or `OutOfWindow`.
        """
        text = headers.get("webhook-timestamp", "")
        if not _SECONDS.fullmatch(text):
            raise NotSigned
        if abs(time.time() - int(text)) > WINDOW_S:
            raise OutOfWindow
        return int(text)

    def read_id(self, headers: Mapping[str, str], body: bytes) -> str:
        """Raises `NotSigned`."""
        delivery_id = headers.get("webhook-id", "")
        if not _ID.fullmatch(delivery_id):
            raise NotSigned
        if not any(_is_signed(webhook, headers, body) for webhook in self._webhooks):
            raise NotSigned
        return delivery_id


def _is_signed(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    """The library says ValueError to signatures that are not even written as such."""
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
