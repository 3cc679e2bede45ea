"""PostgreSQL's and RabbitMQ's programs: the machine's own, or those unpacked into the cache."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from deploy.local.places import CACHE

OLDEST_POSTGRES = (15,)
OLDEST_RABBITMQ = (3, 10)

MACHINE = Path("/")
UNPACKED = CACHE / "debian"


@dataclass(frozen=True, kw_only=True)
class Programs:
    """`folder` holds the programs; `prefix` is / or the unpacked tree they belong to."""

    prefix: Path
    folder: Path

    @property
    def library_path(self) -> dict[str, str]:
        """What the environment of an unpacked program needs to find its libraries."""
        if self.prefix == MACHINE:
            return {}
        folders = [
            *self.prefix.glob("usr/lib/*-linux-gnu"),
            *self.prefix.glob("lib/*-linux-gnu"),
        ]
        return {"LD_LIBRARY_PATH": ":".join(map(str, folders))}


def find_postgres() -> Programs | None:
    return _find("postgresql", "usr/lib/postgresql/*/bin", "postgres", OLDEST_POSTGRES)


def find_rabbitmq() -> Programs | None:
    return _find(
        "rabbitmq",
        "usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
        "rabbitmq-server",
        OLDEST_RABBITMQ,
    )


def _find(tree: str, pattern: str, program: str, oldest: tuple[int, ...]) -> Programs | None:
    """The newest that is new enough, the machine's before the unpacked."""
    prefixes = [UNPACKED / tree]
    if not os.environ.get("PORTLINE_IGNORE_SYSTEM_BINARIES"):
        prefixes.insert(0, MACHINE)
    for prefix in prefixes:
        for folder in sorted(prefix.glob(pattern), key=_version, reverse=True):
            if _version(folder) >= oldest and (folder / program).is_file():
                return Programs(prefix=prefix, folder=folder)
    return None


def _version(folder: Path) -> tuple[int, ...]:
    """`…/postgresql/15/bin` → (15,); `…/rabbitmq_server-3.10.8/sbin` → (3, 10, 8)."""
    return tuple(map(int, re.findall(r"\d+", folder.parent.name)))
