"""Commands that an operator runs by hand: how one is declared, and how it is run."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import ValidationError

from libs.common.broker import LOST, Topology
from libs.common.database import DATABASE_LOST, Database, open_database
from libs.common.settings import ServiceSettings, explain

Arguments: TypeAlias = argparse.Namespace


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What a command works with."""

    database: Database
    settings: ServiceSettings
    topology: Topology


@dataclass(frozen=True, kw_only=True)
class Command:
    """`run` answers the process's exit code."""

    name: str
    help: str
    run: Callable[[Hand, Arguments], Awaitable[int]]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _parser: None


def run(
    service: str,
    read_settings: Callable[[], ServiceSettings],
    topology: Topology,
    commands: Iterable[Command],
    arguments: Sequence[str],
) -> int:
    """Answers the exit code. `dead list` and `dead show` are commands of one group."""
    try:
        given = _parser_of(service, commands).parse_args(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    try:
        return asyncio.run(_run(service, read_settings(), topology, given))
    except ValidationError as error:
        return complain("\n".join(explain(error)))
    except (*DATABASE_LOST, *LOST) as error:
        return complain(f"The database or the broker is out of reach: {type(error).__name__}.")


def say(line: str) -> None:
    print(line)  # noqa: T201 - said to who runs it


def complain(line: str) -> int:
    """Answers the exit code."""
    print(line, file=sys.stderr)  # noqa: T201 - said to who runs it
    return 1


async def _run(
    service: str, settings: ServiceSettings, topology: Topology, given: Arguments
) -> int:
    database = await open_database(settings.database_url.get_secret_value(), service)
    try:
        command: Command = given.command
        hand = Hand(database=database, settings=settings, topology=topology)
        return await command.run(hand, given)
    finally:
        await database.close()


def _parser_of(service: str, commands: Iterable[Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}.commands")
    places = {"": parser.add_subparsers(required=True, metavar="COMMAND")}
    for command in commands:
        group, _, name = command.name.rpartition(" ")
        if group not in places:
            shared = places[""].add_parser(group, help=f"{group} …: more of it with --help")
            places[group] = shared.add_subparsers(required=True, metavar="COMMAND")
        one = places[group].add_parser(name, help=command.help, description=command.help)
        command.add_arguments(one)
        one.set_defaults(command=command)
    return parser
