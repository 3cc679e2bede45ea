"""What a wish about webhooks is refused for."""

from typing import Final

from libs.contracts.refusals import Refusal, StateRefusal, UserErrorCode
from services.notifications.domain.webhook_urls import LISTEN_PORTS, LONGEST_URL, UrlFault

_PORTS: Final = ", ".join(str(each) for each in sorted(LISTEN_PORTS))
_SENTENCES: Final = {
    UrlFault.UNREADABLE: "This is not a URL.",
    UrlFault.TOO_LONG: f"A URL has at most {LONGEST_URL:,} characters.",
    UrlFault.NOT_HTTPS: "Webhooks are sent to https:// URLs only.",
    UrlFault.CREDENTIALS: "A user or password in the URL is not used: verify the signature.",
    UrlFault.LISTEN_PORT: f"Webhooks are sent to the ports {_PORTS} only.",
    UrlFault.FRAGMENT: "What follows # is never sent: leave it out.",
    UrlFault.ADDRESS: "This is no address on the public internet: is the name written right?",
}


class WebhookRefusal(Refusal):
    """A wish about webhooks."""


class EndpointUnknown(WebhookRefusal):
    code = UserErrorCode.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("There is no such webhook endpoint.", ("input", "webhookEndpointId"))


class EventUnknown(WebhookRefusal):
    code = UserErrorCode.NOT_FOUND

    def __init__(self, place: int) -> None:
        super().__init__("There is no such event.", ("input", "eventIds", str(place)))


class EndpointChanged(WebhookRefusal):
    code = UserErrorCode.CONFLICT

    def __init__(self) -> None:
        super().__init__("Somebody has changed the endpoint: read it again.")


class TooManyEndpoints(WebhookRefusal):
    code = UserErrorCode.TOO_MANY_WEBHOOK_ENDPOINTS

    def __init__(self, most: int) -> None:
        super().__init__(f"An account has at most {most} webhook endpoints.")


class EventTypeUnknown(WebhookRefusal):
    code = UserErrorCode.UNKNOWN_EVENT_TYPE

    def __init__(self, place: int) -> None:
        super().__init__(
            "There is no event of this type to receive: see `webhookEventTypes`.",
            ("input", "eventTypes", str(place)),
        )


class UrlRefusal(WebhookRefusal):
    code = UserErrorCode.WEBHOOK_URL_NOT_ALLOWED

    def __init__(self, fault: UrlFault) -> None:
        super().__init__(_SENTENCES[fault], ("input", "url"))


class DescriptionTooLong(WebhookRefusal):
    code = UserErrorCode.TOO_LONG

    def __init__(self, most: int) -> None:
        super().__init__(f"At most {most} characters.", ("input", "description"))


class NothingNamed(WebhookRefusal):
    code = UserErrorCode.REQUIRED

    def __init__(self) -> None:
        super().__init__("Name events, or a time from and to, and not both.")


class WindowEmpty(WebhookRefusal):
    code = UserErrorCode.INVALID

    def __init__(self) -> None:
        super().__init__("A window ends after it begins.", ("input", "until"))


class TooManyEvents(WebhookRefusal):
    code = UserErrorCode.TOO_MANY_WEBHOOK_EVENTS

    def __init__(self, most: int) -> None:
        super().__init__(f"At most {most:,} events are sent again at once.")


class EndpointDisabled(StateRefusal):
    """Nothing is sent to it until somebody enables it."""

    def __init__(self) -> None:
        super().__init__(
            "The endpoint is disabled: enable it first.",
            status="DISABLED",
            available_actions=("enableWebhookEndpoint",),
        )
