"""What an operator runs by hand: `python -m services.numbers.commands --help`.

Beside what every service has: `replay-accounts QUEUE` tells every account, company and member
again to `porting.events`, `notifications.events`, or the queue of a service that is new;
`recount` checks the counts by tab and puts right what is wrong. Everything goes on meanwhile.
"""

import argparse
import sys
from typing import Final

from libs.common.command_line import Arguments, Command, Hand, say
from libs.common.operations import run_command, tell_again
from libs.common.replays import Wanted
from libs.contracts.number_events import NUMBER_EVENTS, AccountFact
from libs.contracts.topology import TOPOLOGY
from services.numbers.settings import Settings
from services.numbers.use_cases.recounting import recount_all

_TYPES: Final = tuple(fact.type for fact in NUMBER_EVENTS if issubclass(fact, AccountFact))


def _with_queue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("queue", metavar="QUEUE", help="who hears them")


async def _replay_accounts(hand: Hand, given: Arguments) -> int:
    return await tell_again(hand, Wanted(queue=given.queue, types=_TYPES))


async def _recount(hand: Hand, _given: Arguments) -> int:
    """1 where counts by tab were wrong; they are right by now."""
    count = await recount_all(hand.database)
    say(f"{count} counts were wrong, and are right now.")
    return 1 if count else 0


_COMMANDS: Final = (
    Command(
        name="replay-accounts",
        help="tells a queue all accounts, companies and members again",
        run=_replay_accounts,
        add_arguments=_with_queue,
    ),
    Command(name="recount", help="checks and mends the counts by tab", run=_recount),
)


def main(arguments: list[str]) -> int:
    return run_command("numbers", Settings, TOPOLOGY, _COMMANDS, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
