"""Webhook endpoints: where an account receives its events, and which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from libs.contracts.refusals import Refusal, refuse_all
from services.notifications.domain.webhook_facts import TYPES
from services.notifications.domain.webhook_refusals import (
    DescriptionTooLong,
    EventTypeUnknown,
    UrlRefusal,
)
from services.notifications.domain.webhook_urls import (
    UrlNotAllowed,
    UrlRules,
    WebhookUrl,
    read_url,
)

MOST_ENDPOINTS: Final = 50
LONGEST_DESCRIPTION: Final = 200


class EndpointState(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    DELETED = "DELETED"


class DisabledReason(StrEnum):
    BY_ADMINISTRATOR = "BY_ADMINISTRATOR"
    GONE = "GONE"
    FAILING = "FAILING"


@dataclass(frozen=True, kw_only=True)
class WebhookEndpoint:
    """`event_types` is empty where every type is wanted.

    `failing_since` is the first failure after which nothing has been delivered.
    """

    id: str
    account_id: str
    url: str
    description: str
    event_types: tuple[str, ...]
    is_ordered: bool
    state: EndpointState
    disabled_reason: DisabledReason | None
    disabled_at: datetime | None
    failing_since: datetime | None
    version: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class EndpointWish:
    """What an administrator gives; None stays as it is, where there is something."""

    url: str | None
    description: str | None
    event_types: Sequence[str] | None
    is_ordered: bool | None

    def check(self, rules: UrlRules) -> WebhookUrl | None:
        """Answers the URL as it is kept. Raises `Refused` with every fault."""
        refusals: list[Refusal] = []
        url = None
        if self.url is not None:
            try:
                url = read_url(self.url, rules)
            except UrlNotAllowed as refused:
                refusals.append(UrlRefusal(refused.fault))
        if self.description is not None and len(self.description) > LONGEST_DESCRIPTION:
            refusals.append(DescriptionTooLong(LONGEST_DESCRIPTION))
        refusals += [
            EventTypeUnknown(place)
            for place, each in enumerate(self.event_types or ())
            if each not in TYPES
        ]
        refuse_all(refusals)
        return url
