"""What notices tell in tests: a content with every key that any text knows."""

from deploy.local.mail_previews import EXAMPLE as FULL

__all__ = ["FULL"]
