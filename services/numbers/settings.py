"""What numbers reads from its environment."""

from pydantic import Field, HttpUrl, SecretStr

from libs.common.settings import SHORTEST_SECRET, ServiceSettings


class Settings(ServiceSettings):
    """Where browsers reach the export routes, and what signs their links.

    `cors_origins` are the origins of pages that may fetch exports, with commas, as at the gateway.
    """

    public_url: HttpUrl
    download_secret: SecretStr = Field(min_length=SHORTEST_SECRET)
    allow_fictional_numbers: bool = False
    cors_origins: str = ""

    @property
    def origins(self) -> list[str]:
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]
