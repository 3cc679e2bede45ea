"""What commands about webhooks are given, and what they answer."""

from datetime import datetime

import strawberry

from libs.contracts.graph import UserError
from libs.contracts.mutations import ERRORS, EXPECTED, KEY
from services.notifications.schema.webhook_types import WebhookDelivery, WebhookEndpointNode
from services.notifications.use_cases.webhook_endpoints import Named

_URL = "An https:// URL on the public internet, at port 443, 8443 or 9443."
_TYPES = "The types of event that are sent, of `webhookEventTypes`; all where empty."
_ORDERED = "Whether an event waits until those before it of the same subject have been taken or given up."
_SHOWN_ONCE = (
    "`whsec_…`, what signatures are verified with. Shown this once: null where the same key is "
    "sent again."
)
_AFTER = "The endpoint after it; null where it was refused."


@strawberry.input(description="A new webhook endpoint.")
class CreateWebhookEndpointInput:
    url: str = strawberry.field(description=_URL)
    description: str = strawberry.field(default="", description="At most 200 characters.")
    event_types: list[str] = strawberry.field(default_factory=list, description=_TYPES)
    ordered: bool = strawberry.field(default=False, description=_ORDERED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input
class OnWebhookEndpoint:
    """What every command about one endpoint begins with."""

    webhook_endpoint_id: strawberry.ID = strawberry.field(description="`whk_…`.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    @property
    def named(self) -> Named:
        return Named(
            endpoint_id=self.webhook_endpoint_id, expected_version=self.expected_version
        )


@strawberry.input(description="What is different about a webhook endpoint; null stays.")
class UpdateWebhookEndpointInput(OnWebhookEndpoint):
    url: str | None = strawberry.field(default=None, description=_URL)
    description: str | None = strawberry.field(
        default=None, description="At most 200 characters."
    )
    event_types: list[str] | None = strawberry.field(default=None, description=_TYPES)
    ordered: bool | None = strawberry.field(default=None, description=_ORDERED)


@strawberry.input(description="Which endpoint gets another secret.")
class RotateWebhookSecretInput(OnWebhookEndpoint):
    pass


@strawberry.input(description="Which endpoint gets nothing any more.")
class DisableWebhookEndpointInput(OnWebhookEndpoint):
    pass


@strawberry.input(description="Which endpoint gets events again.")
class EnableWebhookEndpointInput(OnWebhookEndpoint):
    pass


@strawberry.input(description="Which endpoint goes for good.")
class DeleteWebhookEndpointInput(OnWebhookEndpoint):
    pass


@strawberry.input(description="Which endpoint is tried.")
class SendTestWebhookInput(OnWebhookEndpoint):
    pass


@strawberry.input(
    description="Which events are sent again: by their ids, or those of a window, at most 10,000."
)
class ReplayWebhookEventsInput(OnWebhookEndpoint):
    event_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="`data.event_id` of events of the account of the last year, of whichever type.",
    )
    since: datetime | None = strawberry.field(
        default=None,
        description="What happened from then on, of the endpoint's types; a year ago at most.",
    )
    until: datetime | None = strawberry.field(
        default=None, description="What happened before then."
    )


@strawberry.type(description="What became of a command about a webhook endpoint.")
class WebhookEndpointPayload:
    webhook_endpoint: WebhookEndpointNode | None = strawberry.field(description=_AFTER)
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="A webhook endpoint with a new secret.")
class WebhookSecretPayload:
    webhook_endpoint: WebhookEndpointNode | None = strawberry.field(description=_AFTER)
    secret: str | None = strawberry.field(description=_SHOWN_ONCE)
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="A webhook that only tries an endpoint.")
class SendTestWebhookPayload:
    webhook_delivery: WebhookDelivery | None = strawberry.field(
        description="How far it is; `webhookDeliveries` shows what becomes of it."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="Events that are sent again.")
class ReplayWebhookEventsPayload:
    event_count: int | None = strawberry.field(
        description="How many; null where it was refused."
    )
    webhook_endpoint: WebhookEndpointNode | None = strawberry.field(description=_AFTER)
    user_errors: list[UserError] = strawberry.field(description=ERRORS)
