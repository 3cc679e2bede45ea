"""What porting reads from its environment."""

from pydantic import Field, HttpUrl, SecretStr

from libs.common.settings import SHORTEST_SECRET, ServiceSettings


class Settings(ServiceSettings):
    """Where files are kept, where browsers reach the file routes, and what signs their links.

    `files_url` is such as `file:///srv/files` or `s3://bucket`.
    """

    files_url: str
    public_url: HttpUrl
    upload_secret: SecretStr = Field(min_length=SHORTEST_SECRET)
    most_rows: int = 1_000
    allow_fictional_numbers: bool = False
