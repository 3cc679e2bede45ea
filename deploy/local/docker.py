"""PostgreSQL and RabbitMQ as containers, where a Docker engine answers."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.local.postgres import FORGETFUL

POSTGRES_IMAGE = "postgres:17"
RABBITMQ_IMAGE = "rabbitmq:4-management"
AMQP, MANAGEMENT = 5672, 15672


@contextmanager
def run_postgres(*, durable: bool) -> Iterator[str]:
    """Its superuser URL."""
    settings = {"max_connections": "200", **({} if durable else FORGETFUL)}
    words = ["postgres", *(f"--{name}={value}" for name, value in settings.items())]
    postgres = PostgresContainer(
        POSTGRES_IMAGE,
        username="postgres",
        password=secrets.token_hex(16),
        dbname="postgres",
        driver=None,
        command=words,
    )
    with postgres:
        yield postgres.get_connection_url()


@contextmanager
def run_rabbitmq() -> Iterator[tuple[str, str]]:
    """Its AMQP and management URLs."""
    login, password = "portline", secrets.token_hex(16)
    # testcontainers' own RabbitMQ module stands on what testcontainers calls deprecated.
    rabbitmq = (
        DockerContainer(RABBITMQ_IMAGE)
        .with_env("RABBITMQ_DEFAULT_USER", login)
        .with_env("RABBITMQ_DEFAULT_PASS", password)
        .with_exposed_ports(AMQP, MANAGEMENT)
        .waiting_for(
            LogMessageWaitStrategy("Server startup complete").with_startup_timeout(120)
        )
    )
    with rabbitmq:
        where = f"{login}:{password}@{rabbitmq.get_container_host_ip()}"
        amqp = f"amqp://{where}:{rabbitmq.get_exposed_port(AMQP)}/"
        yield amqp, f"http://{where}:{rabbitmq.get_exposed_port(MANAGEMENT)}"
