"""What the graph says of preferences: choices, quiet hours, inputs and payloads."""

from typing import Self

import strawberry

from libs.common.graphql.enums import publish_enum
from libs.contracts.graph import UserError
from libs.contracts.mutations import ERRORS, KEY
from services.notifications.domain.preferences import (
    PLACES,
    Choices,
    ChoiceWish,
    Habits,
    Locale,
    Pace,
)
from services.notifications.domain.who_is_told import BY_LAW, Channel
from services.notifications.schema.notification_groups import NotificationGroup

publish_enum(
    Channel,
    name="NotificationChannel",
    description="Where messages come.",
    values={Channel.FEED: "In the application.", Channel.MAIL: "By e-mail."},
)
publish_enum(
    Pace,
    name="NotificationDelivery",
    description="How soon messages come.",
    values={
        Pace.AT_ONCE: "At once; mails wait for the end of quiet hours unless they are urgent.",
        Pace.DAILY: "Gathered into one mail a day.",
        Pace.OFF: "Not at all.",
    },
)
publish_enum(
    Locale,
    name="NotificationLocale",
    description="The language of mails.",
    values={Locale.ENGLISH: "English.", Locale.CANADIAN_FRENCH: "Canadian French."},
)

INPUT = strawberry.argument(description="What is to be different.")
_TIME = "Such as `21:30`, in your time zone."


@strawberry.type(description="How soon messages of one group come on one channel.")
class NotificationChoice:
    group: NotificationGroup = strawberry.field(description="What they are about.")
    channel: Channel = strawberry.field(description="Where they come.")
    delivery: Pace | None = strawberry.field(
        description="What was chosen; null where the default holds: for a member that of the "
        "company, for a company AT_ONCE."
    )
    needed_by_law: bool = strawberry.field(description="Whether it is AT_ONCE for everybody.")


@strawberry.type(description="No mail comes between these times unless it is urgent.")
class QuietHours:
    begins: str = strawberry.field(name="from", description=_TIME)
    ends: str = strawberry.field(name="until", description=_TIME)


@strawberry.type(description="What a member hears, how soon, and at which hours.")
class NotificationPreferences:
    version: int = strawberry.field(description="Rises with each change; 0 before the first.")
    locale: Locale = strawberry.field(description="The language of mails.")
    time_zone: str = strawberry.field(description="Such as `America/Toronto`.")
    quiet_hours: QuietHours | None = strawberry.field(description="Null where there are none.")
    digest_at: str = strawberry.field(description=f"When the daily mail comes. {_TIME}")
    choices: list[NotificationChoice] = strawberry.field(
        description="Every group on every channel."
    )

    @classmethod
    def of(cls, habits: Habits, choices: Choices) -> Self:
        quiet = habits.quiet_hours
        return cls(
            version=habits.version,
            locale=habits.locale,
            time_zone=habits.time_zone,
            quiet_hours=QuietHours(begins=f"{quiet.begins:%H:%M}", ends=f"{quiet.ends:%H:%M}")
            if quiet
            else None,
            digest_at=f"{habits.digest_at:%H:%M}",
            choices=grid_of(choices),
        )


def grid_of(choices: Choices) -> list[NotificationChoice]:
    return [
        NotificationChoice(
            group=group,
            channel=channel,
            delivery=Pace.AT_ONCE if group in BY_LAW else choices.get((group, channel)),
            needed_by_law=group in BY_LAW,
        )
        for group, channel in PLACES
    ]


@strawberry.input(description="How soon messages of one group are to come on one channel.")
class NotificationChoiceInput:
    group: NotificationGroup = strawberry.field(description="What they are about.")
    channel: Channel = strawberry.field(description="Where they come.")
    delivery: Pace | None = strawberry.field(
        default=None, description="Null lets the default hold again."
    )

    @property
    def wish(self) -> ChoiceWish:
        return ChoiceWish(group=self.group, channel=self.channel, pace=self.delivery)


@strawberry.input(description="Between these times no mail comes unless it is urgent.")
class QuietHoursInput:
    begins: str = strawberry.field(name="from", description=_TIME)
    ends: str = strawberry.field(name="until", description=_TIME)


@strawberry.input(description="What is different; null stays as it is.")
class UpdateNotificationPreferencesInput:
    locale: Locale | None = strawberry.field(
        default=None, description="The language of mails."
    )
    time_zone: str | None = strawberry.field(
        default=None, description="Such as `America/Toronto`."
    )
    quiet_hours: QuietHoursInput | None = strawberry.field(
        default=None, description="When no mail comes unless it is urgent."
    )
    no_quiet_hours: bool = strawberry.field(
        default=False, description="True ends the quiet hours that there were."
    )
    digest_at: str | None = strawberry.field(
        default=None, description=f"When the daily mail comes. {_TIME}"
    )
    choices: list[NotificationChoiceInput] = strawberry.field(
        default_factory=list, description="Those that are different."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="Refused with CONFLICT where it is another by now."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(
    description="What holds for a company's people who chose nothing themselves."
)
class UpdateCompanyNotificationDefaultsInput:
    company_id: strawberry.ID = strawberry.field(description="`co_…`.")
    choices: list[NotificationChoiceInput] = strawberry.field(
        description="Those that are different; each stands for itself."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.type(description="What became of a change of preferences.")
class NotificationPreferencesPayload:
    preferences: NotificationPreferences | None = strawberry.field(
        description="After it; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What became of a change of a company's defaults.")
class CompanyNotificationDefaultsPayload:
    defaults: list[NotificationChoice] | None = strawberry.field(
        description="After it, every group on every channel; null where it was refused."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)
