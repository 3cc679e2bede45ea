"""How the emulated carrier signs what it says, and checks what it is told.

Standard Webhooks (https://www.standardwebhooks.com), written anew here: another company's code.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping

WINDOW_S = 300


def sign(secret: str, message_id: str, body: bytes, at: float | None = None) -> dict[str, str]:
    """The headers that go with the body; `at` in seconds since 1970, now where absent."""
    timestamp = str(int(time.time() if at is None else at))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{_mac(secret, message_id, timestamp, body)}",
    }


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > WINDOW_S:
        return False
    expected = f"v1,{_mac(secret, headers.get('webhook-id', ''), timestamp, body)}"
    return hmac.compare_digest(
        expected.encode(), headers.get("webhook-signature", "").encode(errors="replace")
    )


def _mac(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode(errors="replace") + body
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()
