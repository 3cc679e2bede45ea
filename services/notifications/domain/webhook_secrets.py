"""Secrets of webhook endpoints, and the headers that they sign: Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import uuid_utils
from standardwebhooks import Webhook
from typeid import TypeID

_SECRET_BYTES: Final = 32


def make_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def place_of(endpoint_id: str, number: int) -> str:
    """Where a sealed secret stands: it opens nowhere else."""
    return f"webhook_secrets {endpoint_id} {number}"


def message_id_of(endpoint_id: str, event_id: UUID) -> str:
    """One and the same for an event at an endpoint, however often it is sent there."""
    text = f"{endpoint_id} {event_id}".encode()
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return str(TypeID.from_uuid(uuid_utils.UUID(bytes=digest), prefix="msg"))


def sign(
    webhooks: Sequence[Webhook], message_id: str, at: datetime, body: str
) -> dict[str, str]:
    """While one secret takes another's place both sign."""
    signatures = [webhook.sign(message_id, at, body) for webhook in webhooks]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
