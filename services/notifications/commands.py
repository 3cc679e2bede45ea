"""What an operator runs by hand: `python -m services.notifications.commands --help`."""

import argparse
import sys
from typing import Final

from libs.common.command_line import Arguments, Command, Hand, complain, say
from libs.common.operations import run_command
from libs.common.operator_acts import acting_by_hand
from libs.common.paging import Page
from libs.contracts.topology import TOPOLOGY
from services.notifications.settings import Settings
from services.notifications.store import dead_notices
from services.notifications.use_cases.dead_notices import redrive_notices

_MOST: Final = 1_000


def main(arguments: list[str]) -> int:
    return run_command("notifications", Settings, TOPOLOGY, OWN, arguments)


async def _list_notices(hand: Hand, given: Arguments) -> int:
    async with acting_by_hand(hand.database) as connection:
        counts = await dead_notices.count_dead_notices(connection)
        found = await dead_notices.find_dead_notices(
            connection, given.reason, Page(size=_MOST)
        )
    say(f"{sum(counts.values())} notices are dead.")
    for reason, count in counts.items():
        say(f"{count:>7}  {reason}")
    for each in found.rows:
        say(
            f"{each.notice_id}  {each.due_at.isoformat(timespec='milliseconds')}"
            f"  {each.message}  {each.subject}  {each.attempts} attempts  {each.reason}"
        )
    return 0


async def _redrive_notices(hand: Hand, given: Arguments) -> int:
    if (given.reason is not None) == given.all:
        return complain("Which? Give a --reason, or --all: one of these.")
    async with acting_by_hand(hand.database) as connection:
        count = await redrive_notices(connection, given.reason)
    say(f"{count} notices will be told after all, but for those of more than 7 days ago.")
    return 0 if count else 1


def _of_reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", help="of this reason")


def _redriven(parser: argparse.ArgumentParser) -> None:
    _of_reason(parser)
    parser.add_argument("--all", action="store_true", help="every dead notice")


OWN: Final = (
    Command(
        name="notices list",
        help=f"dead notices: counts by reason, then the latest {_MOST:,}",
        run=_list_notices,
        add_arguments=_of_reason,
    ),
    Command(
        name="notices redrive",
        help="tells dead notices after all: those of one reason, or all",
        run=_redrive_notices,
        add_arguments=_redriven,
    ),
)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
