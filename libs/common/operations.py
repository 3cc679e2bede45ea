"""What an operator runs by hand in every service: `python -m services.<name>.commands …`.

`dead` shows and settles events that failed for good, `replay` tells a queue again what was
published, `delivery` says what waits. A service adds its own commands to these.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from libs.common import dead_events, dropped_events
from libs.common.backlog import measure_backlog
from libs.common.broker import Topology
from libs.common.command_line import Arguments, Command, Hand, complain, run, say
from libs.common.dead_events import DEAD_EVENTS, Everything, Group
from libs.common.dropped_events import DROPPED_EVENTS, read_why
from libs.common.operator_acts import acting_by_hand
from libs.common.paging import BadCursor, Listing, Page, read_cursor
from libs.common.replay import NoSuchQueueError, replay
from libs.common.replays import Wanted
from libs.common.settings import ServiceSettings

_MOST: Final = 1_000


def run_command(
    service: str,
    read_settings: Callable[[], ServiceSettings],
    topology: Topology,
    own: Iterable[Command],
    arguments: Sequence[str],
) -> int:
    """Answers the exit code."""
    return run(service, read_settings, topology, (*_EVERYWHERE, *own), arguments)


async def tell_again(hand: Hand, wanted: Wanted) -> int:
    """Replays, and says how it went; answers the exit code."""
    amqp_url = hand.settings.amqp_url.get_secret_value()
    try:
        count = await replay(hand.database, amqp_url, wanted, hand.topology)
    except NoSuchQueueError:
        return complain(f"There is no queue {wanted.queue}: start its service first.")
    say(f"{wanted.queue} was told {count} events again.")
    return 0


async def _list_dead(hand: Hand, given: Arguments) -> int:
    page = _page_of(DEAD_EVENTS, given)
    async with acting_by_hand(hand.database) as connection:
        groups = await dead_events.find_dead_groups(connection)
        found = await dead_events.find_dead_page(
            connection, page, reason=given.reason, type=given.type
        )
    if given.after is None:
        say(f"{sum(group.events for group in groups)} events are dead.")
        for group in groups:
            say(f"{group.events:>7}  {group.type}  {group.reason}")
    for event in found.rows:
        say(
            f"{event.event_id}  {_written(event.received_at)}  {event.type}  {event.subject}"
            f" {event.sequence}  {event.waiting_behind} behind  {event.reason}"
        )
    _say_more(found.has_next, found.cursors)
    return 0


async def _show_dead(hand: Hand, given: Arguments) -> int:
    async with acting_by_hand(hand.database) as connection:
        event = await dead_events.find_dead_event(connection, given.event_id)
        if event is None:
            return complain(f"No dead event is called {given.event_id}.")
        read = dead_events.look_at_bodies if given.body else dead_events.find_bodies
        body = (await read(connection, [given.event_id])).get(given.event_id, "")
    for name, value in vars(event).items():
        say(f"{name + ':':<16}{_written(value) if isinstance(value, datetime) else value}")
    envelope = dead_events.read_envelope(body)
    say(f"{'occurred_at:':<16}{_written(envelope.occurred_at)}")
    say(f"{'traceparent:':<16}{envelope.traceparent or '-'}")
    if given.body:
        say(body)
    return 0


async def _redrive(hand: Hand, given: Arguments) -> int:
    chosen: dead_events.Chosen = given.event_ids
    is_group = given.reason is not None or given.type is not None
    if [bool(given.event_ids), is_group, given.all].count(True) != 1:
        return complain("Which? Name events, or --reason and --type, or --all: one of these.")
    if given.all:
        chosen = Everything()
    elif is_group:
        if given.reason is None or given.type is None:
            return complain("Which? A group is named by its --reason and its --type.")
        chosen = Group(reason=given.reason, type=given.type)
    async with acting_by_hand(hand.database) as connection:
        redriven = await dead_events.redrive(connection, chosen)
    say(f"{len(redriven)} events will be worked again.")
    return 0 if redriven else 1


async def _drop(hand: Hand, given: Arguments) -> int:
    async with acting_by_hand(hand.database) as connection:
        dropped = await dropped_events.drop(connection, given.event_ids, given.why)
    for event in dropped:
        say(f"{event.event_id} is dropped. {event.meaning}")
    if missing := {*given.event_ids} - {event.event_id for event in dropped}:
        return complain(f"No dead events: {', '.join(map(str, sorted(missing)))}.")
    return 0


async def _list_dropped(hand: Hand, given: Arguments) -> int:
    page = _page_of(DROPPED_EVENTS, given)
    async with acting_by_hand(hand.database) as connection:
        found = await dropped_events.find_dropped_page(connection, page)
    for event in found.rows:
        say(
            f"{event.event_id}  {_written(event.dropped_at)}  {event.type}  {event.subject}"
            f" {event.sequence}  by {event.dropped_by}: {event.why}"
        )
    _say_more(found.has_next, found.cursors)
    return 0


async def _replay(hand: Hand, given: Arguments) -> int:
    wanted = Wanted(
        queue=given.to,
        types=given.type,
        since=given.since,
        until=given.until,
        keeps_ids=given.keep_ids,
    )
    return await tell_again(hand, wanted)


async def _show_backlog(hand: Hand, _given: Arguments) -> int:
    backlog = await measure_backlog(hand.database)
    for name, value in vars(backlog).items():
        is_time = name.endswith("_at")
        say(f"{name + ':':<24}{_written(value) if is_time else value}")
    return 0


def _page_of(listing: Listing, given: Arguments) -> Page:
    after = None if given.after is None else read_cursor(given.after, listing.keys)
    return Page(size=given.first, after=after)


def _say_more(has_next: bool, cursors: Sequence[str]) -> None:  # noqa: FBT001 - as a page says it
    if has_next:
        say(f"There are more: --after {cursors[-1]}")


def _written(at: datetime | None) -> str:
    return at.isoformat(timespec="milliseconds") if at else "-"


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _size(text: str) -> int:
    size = int(text)
    if not 1 <= size <= _MOST:
        raise ValueError
    return size


def _cursor(text: str) -> str:
    try:
        read_cursor(text, DEAD_EVENTS.keys)
    except BadCursor:
        raise ValueError from None
    return text


def _paged(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--first", type=_size, default=25, metavar="N", help="so many")
    parser.add_argument("--after", type=_cursor, metavar="CURSOR", help="the next page")


def _grouped(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", help="of this reason")
    parser.add_argument("--type", help="of this event type")


def _listed(parser: argparse.ArgumentParser) -> None:
    _grouped(parser)
    _paged(parser)


def _shown(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event_id", type=UUID)
    parser.add_argument("--body", action="store_true", help="with its body; this is recorded")


def _redriven(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event_ids", type=UUID, nargs="*", metavar="EVENT")
    _grouped(parser)
    parser.add_argument("--all", action="store_true", help="every dead event")


def _dropped(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event_ids", type=UUID, nargs="+", metavar="EVENT")
    parser.add_argument("--why", type=read_why, required=True, help="for the record")


def _replayed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", required=True, metavar="QUEUE", help="who hears them")
    parser.add_argument("--since", type=_time, metavar="TIME", help="recorded from then on")
    parser.add_argument("--until", type=_time, metavar="TIME", help="recorded before then")
    parser.add_argument("--type", action="append", metavar="TYPE", help="only these types")
    parser.add_argument(
        "--keep-ids", action="store_true", help="an inbox takes only what it never had"
    )


_EVERYWHERE: Final = (
    Command(
        name="dead list",
        help="counts by reason and type, then the events, newest first",
        run=_list_dead,
        add_arguments=_listed,
    ),
    Command(name="dead show", help="one of them", run=_show_dead, add_arguments=_shown),
    Command(
        name="dead redrive",
        help="works them again: some, those of one reason and type, or all",
        run=_redrive,
        add_arguments=_redriven,
    ),
    Command(
        name="dead drop",
        help="gives them up: what waits behind them goes on",
        run=_drop,
        add_arguments=_dropped,
    ),
    Command(
        name="dead dropped",
        help="what was given up, by whom and why, newest first",
        run=_list_dropped,
        add_arguments=_paged,
    ),
    Command(
        name="replay",
        help="tells a queue again what this service has published",
        run=_replay,
        add_arguments=_replayed,
    ),
    Command(name="delivery", help="what waits, and since when", run=_show_backlog),
)
