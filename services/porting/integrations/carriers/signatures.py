"""Signed messages between us and a carrier, as https://www.standardwebhooks.com has them.

`webhook-signature` is `v1,` and base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`;
several may stand there with spaces, while a secret is changed.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
WINDOW_S: Final = 300


class Signatures:
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def headers_for(self, message_id: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(datetime.now(UTC).timestamp()))
        return {
            ID: message_id,
            TIMESTAMP: timestamp,
            SIGNATURE: self._sign(message_id, timestamp, body),
        }

    def is_recent(self, headers: Mapping[str, str]) -> bool:
        """Within five minutes, on either side: clocks differ."""
        timestamp = headers.get(TIMESTAMP, "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):  # noqa: PLR2004 - year 5138
            return False
        return abs(datetime.now(UTC).timestamp() - int(timestamp)) <= WINDOW_S

    def is_good(self, headers: Mapping[str, str], body: bytes) -> bool:
        if not self.is_recent(headers):
            return False
        expected = self._sign(headers.get(ID, ""), headers[TIMESTAMP], body).encode()
        given = headers.get(SIGNATURE, "").encode(errors="replace").split()
        return any(hmac.compare_digest(expected, each) for each in given[:5])

    def _sign(self, message_id: str, timestamp: str, body: bytes) -> str:
        signed = f"{message_id}.{timestamp}.".encode(errors="replace") + body
        digest = hmac.digest(self._secret, signed, hashlib.sha256)
        return f"v1,{base64.b64encode(digest).decode()}"
