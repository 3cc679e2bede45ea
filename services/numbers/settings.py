"""What numbers reads from its environment."""

from libs.common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing beyond what every service needs."""
