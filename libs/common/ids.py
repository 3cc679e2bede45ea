"""Identifiers: a prefix that names the kind, then a time-ordered UUIDv7 in base32 (TypeID)."""

import uuid
from datetime import UTC, datetime

import uuid_utils
from typeid import TypeID


def new_id(prefix: str) -> str:
    """`new_id("pr")` is such as `pr_01jdqk2r8ce5qv1m4b4m2a9x7e`: sorts by time of making."""
    return str(TypeID(prefix=prefix))


def made_at(id_: str) -> datetime:
    """When an id of `new_id` was made, to the millisecond."""
    milliseconds = TypeID.from_string(id_).uuid.int >> 80
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def new_event_id() -> uuid.UUID:
    return uuid.UUID(int=uuid_utils.uuid7().int)
