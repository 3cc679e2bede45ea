"""The ladder for PostgreSQL and RabbitMQ: given URLs, a Docker engine, private processes."""

import os
import socket
from typing import Literal
from urllib.parse import urlsplit

from deploy.local.errors import StartError

Kind = Literal["postgres", "rabbitmq"]
Source = Literal["given", "docker", "local"]

URL_NAMES: dict[Kind, tuple[str, ...]] = {
    "postgres": ("PORTLINE_POSTGRES_URL",),
    "rabbitmq": ("PORTLINE_AMQP_URL", "PORTLINE_RABBITMQ_MANAGEMENT_URL"),
}


def choose_source(kind: Kind) -> Source:
    names = URL_NAMES[kind]
    given = [name for name in names if os.environ.get(name)]
    if given and len(given) < len(names):
        raise StartError(f"Set {' and '.join(names)} together: only {given[0]} is set.")
    if given:
        return "given"
    match os.environ.get("PORTLINE_SERVERS", ""):
        case "":
            return "docker" if docker_answers() else "local"
        case "docker":
            if docker_answers():
                return "docker"
            raise StartError(
                "PORTLINE_SERVERS=docker, but no Docker engine answers: start one, or unset it."
            )
        case "local":
            return "local"
        case other:
            raise StartError(f"PORTLINE_SERVERS is {other!r}: set it to local or docker.")


def docker_answers() -> bool:
    address = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    try:
        if address.scheme == "unix":
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(2)
        else:
            connection = socket.create_connection((address.hostname, address.port or 2375), 2)
        with connection:
            if address.scheme == "unix":
                connection.connect(address.path)
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False
