"""What notifications reads from its environment: what every service reads, and nothing more."""

from libs.common.settings import ServiceSettings


class Settings(ServiceSettings):
    pass
