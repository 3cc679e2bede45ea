"""A virtual host of its own for each run and each test: nobody else's queues are in it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from deploy.local.servers import Servers

EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}


@contextmanager
def create_vhost(servers: Servers) -> Iterator[str]:
    """Its AMQP URL; the virtual host with all its queues goes at the end."""
    name = f"run-{secrets.token_hex(6)}"
    broker = urlsplit(servers.amqp_url)
    with httpx.Client(base_url=servers.management_url, timeout=10) as management:
        management.put(f"/api/vhosts/{name}").raise_for_status()
        try:
            right = f"/api/permissions/{name}/{broker.username}"
            management.put(right, json=EVERYTHING).raise_for_status()
            yield broker._replace(path=f"/{name}").geturl()
        finally:
            management.delete(f"/api/vhosts/{name}")
