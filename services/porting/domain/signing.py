"""Signing: what a signer agrees to, what a signature may be, and the link that leads to it."""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LINK_LIFETIME: Final = timedelta(days=14)
LONGEST_DRAWING: Final = 16_384
LONGEST_REASON: Final = 500
# Only what draws a line: nothing that refers, runs or styles. Of spaces only those that XML has:
# over any other the press would fail for ever.
_SVG_PATH: Final = re.compile(r"[ \t\r\n]*[Mm][MmLlHhVvCcSsQqTtAaZz0-9eE+\-., \t\r\n]*")

CONSENT_VERSION: Final = "2026-11"
# A text is never edited: a signature names the version that its signer has read.
CONSENT_TEXTS: Final[Mapping[str, str]] = {
    "2026-11": (
        "I am authorized to act for the subscriber named in this letter. I authorize the change "
        "of carrier for each telephone number that it lists, and the gaining carrier to act as "
        "agent for this change. I agree to sign this letter electronically, and that my "
        "electronic signature binds as one by hand does."
    ),
}


@dataclass(frozen=True, kw_only=True)
class SigningLink:
    """One way to one letter as it reads now. Its token is not in it, and not in any row."""

    id: str
    letter_id: str
    port_request_id: str
    account_id: str
    nonce: bytes
    token_hash: bytes
    document_hash: str
    expires_at: datetime


class LinkMaker:
    """Derives a link's token whenever it is to be sent: 256 bits that only the secret gives."""

    def __init__(self, secret: str) -> None:
        self._link_key = _derive(secret, "signing links")
        self._mark_key = _derive(secret, "address marks")

    def new_nonce(self) -> bytes:
        return secrets.token_bytes(32)

    def token_of(self, link_id: str, nonce: bytes) -> str:
        tag = hmac.digest(self._link_key, link_id.encode() + b"\n" + nonce, "sha256")
        return urlsafe_b64encode(tag).rstrip(b"=").decode()

    def mark_address(self, address: str) -> str:
        """Tells whether two signatures came from one address, and never from which."""
        return hmac.new(self._mark_key, address.encode(), hashlib.sha256).hexdigest()


def hash_token(token: str) -> bytes:
    """A plain hash is enough: nobody guesses 256 bits."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def is_drawing(path: str) -> bool:
    return len(path) <= LONGEST_DRAWING and _SVG_PATH.fullmatch(path) is not None


def _derive(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), purpose.encode(), "sha256")
