"""One provider of PostgreSQL and RabbitMQ for demo, `make up` and tests."""

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType

from deploy.local.guard import Guard
from deploy.local.ladder import choose_source
from deploy.local.places import RUNS
from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbitmq


@dataclass(frozen=True, kw_only=True)
class Servers:
    """`postgres_url` is a superuser's; `management_url` holds login and password.

    Private processes can be killed and started again through `postgres` and `rabbitmq`.
    """

    postgres_url: str
    amqp_url: str
    management_url: str
    postgres: LocalPostgres | None
    rabbitmq: LocalRabbitmq | None


def stay_silent(_line: str) -> None:
    pass


@contextmanager
def provide_servers(
    guard: Guard, *, durable: bool = False, say: Callable[[str], None] = stay_silent
) -> Iterator[Servers]:
    """`durable` writes to the disk before it answers, as crash tests and benchmarks need."""
    postgres_source, rabbitmq_source = choose_source("postgres"), choose_source("rabbitmq")
    postgres, rabbitmq = None, None
    with ExitStack() as leaving:
        folder = guard.make_folder(RUNS)
        if rabbitmq_source == "local":
            rabbitmq = LocalRabbitmq(guard, folder)
            leaving.callback(rabbitmq.stop)
            rabbitmq.begin()
        say(f"PostgreSQL ({postgres_source})")
        if postgres_source == "local":
            postgres = LocalPostgres(guard, folder, durable=durable)
            leaving.callback(postgres.stop)
            postgres.create()
            postgres_url = postgres.url
        elif postgres_source == "docker":
            postgres_url = leaving.enter_context(
                _import_docker().run_postgres(durable=durable)
            )
        else:
            postgres_url = os.environ["PORTLINE_POSTGRES_URL"]
        say(f"RabbitMQ ({rabbitmq_source})")
        if rabbitmq is not None:
            rabbitmq.finish()
            amqp_url, management_url = rabbitmq.amqp_url, rabbitmq.management_url
        elif rabbitmq_source == "docker":
            amqp_url, management_url = leaving.enter_context(_import_docker().run_rabbitmq())
        else:
            amqp_url = os.environ["PORTLINE_AMQP_URL"]
            management_url = os.environ["PORTLINE_RABBITMQ_MANAGEMENT_URL"]
        yield Servers(
            postgres_url=postgres_url,
            amqp_url=amqp_url,
            management_url=management_url,
            postgres=postgres,
            rabbitmq=rabbitmq,
        )


def _import_docker() -> ModuleType:
    """Only where it is used: it costs every other start 0.3 s and 20 MB."""
    return importlib.import_module("deploy.local.docker")
