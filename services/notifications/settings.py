"""What notifications reads from its environment."""

import re
import secrets
from datetime import timedelta
from email.utils import parseaddr
from typing import Final, Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from libs.common.settings import SHORTEST_SECRET, Profile, ServiceSettings
from libs.common.vault import read_keys
from services.notifications.domain.unsubscribing import UnsubscribeLinks
from services.notifications.integrations.mail_server import MailServerPlace
from services.notifications.integrations.signing_links import SigningPlace
from services.notifications.use_cases.telling import Limits

_NEEDED_IN_PRODUCTION: Final = (
    "smtp_url",
    "public_url",
    "unsubscribe_secret",
    "porting_url",
    "token_url",
    "token_client_id",
    "token_client_secret",
)
# Of this machine or its private network: such a name never leaves it.
_NEAR: Final = re.compile(r"localhost|127\.0\.0\.1|::1|[A-Za-z0-9-]+")


class MailSettings(ServiceSettings):
    """Mails: without `smtp_url` they wait in the table.

    `smtp_url` is `smtps://name:password@host`, `smtp+starttls://…` or `smtp://…`; in production
    it is encrypted, unless the mail server is on this machine or named without a dot.
    `public_url` is where readers reach the unsubscribe links, which `unsubscribe_secret` signs;
    `console_url` where they open what a mail is about. `mail_workers` is how many mails are sent
    at once.

    A letter's signer is asked for at `porting_url`, with a token that `token_url` gives for
    `token_client_id` and `token_client_secret` (client credentials, scope `letters:deliver`).
    """

    smtp_url: SecretStr | None = None
    mail_from: str = "Portline <no-reply@portline.example>"
    mail_workers: int = Field(default=2, ge=1, le=16)
    public_url: HttpUrl | None = None
    # Without one, links hold as long as the process: enough for development.
    unsubscribe_secret: SecretStr = Field(
        default_factory=lambda: SecretStr(secrets.token_hex(SHORTEST_SECRET)),
        min_length=SHORTEST_SECRET,
    )
    console_url: HttpUrl | None = None
    porting_url: HttpUrl | None = None
    token_url: HttpUrl | None = None
    token_client_id: str | None = None
    token_client_secret: SecretStr | None = None

    @property
    def mail_server(self) -> MailServerPlace | None:
        return (
            MailServerPlace.parse(self.smtp_url.get_secret_value()) if self.smtp_url else None
        )

    @property
    def signing_place(self) -> SigningPlace | None:
        """None where it is not told whole."""
        url, secret = self.token_url, self.token_client_secret
        if not (self.porting_url and url and self.token_client_id and secret):
            return None
        return SigningPlace(
            porting_url=str(self.porting_url),
            token_url=str(url),
            client_id=self.token_client_id,
            client_secret=secret.get_secret_value(),
        )

    @property
    def unsubscribe_links(self) -> UnsubscribeLinks:
        secret = self.unsubscribe_secret.get_secret_value()
        return UnsubscribeLinks(str(self.public_url or ""), secret)

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            MailServerPlace.parse(url.get_secret_value())
        return url

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, mail_from: str) -> str:
        name, address = parseaddr(mail_from)
        if "@" not in address or not address.isascii() or not f"{name}{address}".isprintable():
            raise ValueError("MAIL_FROM is such as `Portline <no-reply@portline.example>`")
        return mail_from

    @model_validator(mode="after")
    def _send_mails_in_production(self) -> Self:
        if self.profile is not Profile.PRODUCTION:
            return self
        for name in _NEEDED_IN_PRODUCTION:
            if name not in self.model_fields_set or getattr(self, name) is None:
                raise ValueError(f"{name.upper()} is required in production")
        place = self.mail_server
        assert place is not None
        if not place.is_encrypted and not _NEAR.fullmatch(place.host):
            raise ValueError("SMTP_URL: mails leave encrypted in production, use smtps://")
        return self


class WebhookSettings(ServiceSettings):
    """Webhooks: `webhook_keys` seal their secrets.

    They are 64 hexadecimal digits each, with commas, the newest first. `webhook_loopback` lets
    receivers be on this machine, over http, for development.
    """

    webhook_keys: SecretStr
    webhook_loopback: bool = False
    # How long a receiver may take for all of its answer (Standard Webhooks: 15 to 30 s).
    webhook_timeout_s: float = Field(default=20, ge=15, le=30)
    # How long two secrets sign after one has taken the other's place.
    webhook_overlap_hours: int = Field(default=24, ge=1)

    @property
    def webhook_overlap(self) -> timedelta:
        return timedelta(hours=self.webhook_overlap_hours)

    @field_validator("webhook_keys")
    @classmethod
    def _are_keys(cls, keys: SecretStr) -> SecretStr:
        read_keys(keys.get_secret_value())
        return keys

    @model_validator(mode="after")
    def _send_nothing_to_ourselves(self) -> Self:
        if self.profile is Profile.PRODUCTION and self.webhook_loopback:
            raise ValueError("WEBHOOK_LOOPBACK is refused in production")
        return self


class Settings(MailSettings, WebhookSettings):
    # Where our support team is written to; without an address it is not.
    support_address: str | None = None
    # How long ported lines, first calls and the like gather before one message tells them.
    gather_minutes: int = Field(default=10, ge=0)
    # How many mails a person gets in an hour: the last of them gathers what is more.
    mails_per_hour: int = Field(default=20, ge=2)

    @property
    def gather_for(self) -> timedelta:
        return timedelta(minutes=self.gather_minutes)

    @property
    def limits(self) -> Limits:
        return Limits(
            mails_per_hour=self.mails_per_hour, support_address=self.support_address or None
        )
