"""What a client watches: the filters of streams and lists, and what they ask for."""

import re
from collections.abc import Sequence
from typing import Annotated, Final

import strawberry

from libs.common.graphql.errors import BadUserInput
from services.notifications.domain.status_changes import SubjectKind
from services.notifications.domain.visibility import Watch
from services.notifications.live_feed.streams import MOST_MISSED

_ID: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_NOBODYS_ID: Final = "-"
_MOST_STATUSES: Final = 50
SILENCE: Final = "A filter that names what does not exist, does not exist yet or is not yours hears nothing."
STATUSES: Final = (
    "To one of these statuses or from one of them, so that who shows what stands there also "
    f"hears what does so no longer; at most {_MOST_STATUSES}."
)

AccountId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only of this account.")
]
CompanyId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only of this company.")
]
PortRequestId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only of this port request.")
]
PortOutId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only of this port-out.")
]
TrackingNumberId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only of this number.")
]
OfRequest = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only of numbers that came by this port request."),
]
Statuses = Annotated[
    list[str] | None,
    strawberry.argument(description=f"Only {STATUSES[0].lower()}{STATUSES[1:]}"),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the last change you have: what came since is told first, at "
        f"most {MOST_MISSED:,} changes."
    ),
]


def build_watch(
    kinds: frozenset[SubjectKind],
    *,
    account_id: str | None,
    company_id: str | None,
    port_request_id: str | None,
    subjects: Sequence[str | None] = (),
    statuses: list[str] | None,
) -> Watch:
    """Raises `BadUserInput`. Of several subjects a change has at most one: nobody hears it."""
    if statuses is not None and len(statuses) > _MOST_STATUSES:
        raise BadUserInput(f"`statuses` are at most {_MOST_STATUSES}.")
    asked = [read_id(subject) for subject in subjects if subject is not None]
    return Watch(
        kinds=kinds,
        account_id=read_id(account_id),
        company_id=read_id(company_id),
        port_request_id=read_id(port_request_id),
        subject=None if not asked else asked[0] if len(asked) == 1 else _NOBODYS_ID,
        statuses=None
        if statuses is None
        else frozenset(status for status in statuses if _ID.fullmatch(status)),
    )


def read_id(text: str | None) -> str | None:
    """What cannot be an id is asked for as one that nobody has: unknown, like any other."""
    return text if text is None or _ID.fullmatch(text) else _NOBODYS_ID
