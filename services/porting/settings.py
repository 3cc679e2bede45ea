"""What porting reads from its environment."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from libs.common.settings import SHORTEST_SECRET, Profile, ServiceSettings
from libs.common.vault import read_keys
from services.porting.domain.idling import IdleLimits


class CarrierChoice(StrEnum):
    DESK = "desk"
    EMULATOR = "emulator"


class Settings(ServiceSettings):
    """Where files are kept, where browsers reach the file routes, and what signs their links.

    `files_url` is such as `file:///srv/files` or `s3://bucket`; `cors_origins` are the origins of
    pages that may send files, with commas, as at the gateway. `carrier` is who tells carriers:
    the desk by hand, or the emulator at `carrier_url`, signing with `carrier_secret`.

    `pin_keys` seal PINs: 64 hexadecimal digits each, with commas, the newest first.
    `letter_secret` derives signing links. `seal_key_file` is a PEM file that seals letters:
    private key, certificate, its chain.
    """

    files_url: str
    public_url: HttpUrl
    upload_secret: SecretStr = Field(min_length=SHORTEST_SECRET)
    pin_keys: SecretStr
    letter_secret: SecretStr = Field(min_length=SHORTEST_SECRET)
    seal_key_file: Path | None = None
    most_rows: int = 1_000
    # A week's warning comes before the end of either.
    idle_days_unfinished: int = Field(default=30, ge=8)
    idle_days_faulty: int = Field(default=45, ge=8)
    # How long an unlocking can still be taken back.
    port_out_cooling_off_hours: int = Field(default=24, ge=1)
    allow_fictional_numbers: bool = False
    cors_origins: str = ""
    carrier: CarrierChoice = CarrierChoice.DESK
    carrier_url: HttpUrl | None = None
    carrier_secret: SecretStr | None = Field(default=None, min_length=SHORTEST_SECRET)
    carrier_first_look_s: float = Field(default=60, gt=0)

    @property
    def idle_limits(self) -> IdleLimits:
        return IdleLimits(
            unfinished=timedelta(days=self.idle_days_unfinished),
            faulty=timedelta(days=self.idle_days_faulty),
        )

    @property
    def port_out_cooling_off(self) -> timedelta:
        return timedelta(hours=self.port_out_cooling_off_hours)

    @property
    def origins(self) -> list[str]:
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]

    @field_validator("pin_keys")
    @classmethod
    def _are_keys(cls, keys: SecretStr) -> SecretStr:
        read_keys(keys.get_secret_value())
        return keys

    @model_validator(mode="after")
    def _seal_in_production(self) -> Self:
        if self.profile is Profile.PRODUCTION and self.seal_key_file is None:
            raise ValueError("SEAL_KEY_FILE is required in production")
        return self

    @model_validator(mode="after")
    def _know_the_emulator(self) -> Self:
        if self.carrier is CarrierChoice.EMULATOR and not (
            self.carrier_url and self.carrier_secret
        ):
            raise ValueError("CARRIER=emulator needs CARRIER_URL and CARRIER_SECRET")
        return self
