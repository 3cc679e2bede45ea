"""The notifications service, all its rooms in one call."""

import asyncio
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from libs.common.graphql.route import graph_routes, resolver_of
from libs.common.service import Service, build_app
from libs.common.settings import Profile
from libs.contracts.topology import EVENTS, TOPOLOGY
from services.notifications.consumers import consumes
from services.notifications.live_feed.exchange import LiveExchange
from services.notifications.live_feed.feed import LiveFeed
from services.notifications.schema.context import Room
from services.notifications.schema.graph import build_graph
from services.notifications.settings import Settings
from services.notifications.timers import TIMERS
from services.notifications.workers.telling import TellingWorker

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def create_app() -> Starlette:
    settings = Settings()
    exchange = LiveExchange()
    feed = LiveFeed(exchange)
    untold = asyncio.Event()
    graph = build_graph(shows_schema=settings.profile is Profile.DEVELOPMENT)
    return build_app(
        Service(
            name="notifications",
            settings=settings,
            migrations=MIGRATIONS,
            topology=TOPOLOGY,
            events_exchange=EVENTS,
            consumes=consumes(
                exchange.announce,
                tell=untold.set,
                gather_for=settings.gather_for,
            ),
            timers=TIMERS,
            routes=lambda wiring: graph_routes(
                graph,
                settings=settings,
                callers=resolver_of(settings, wiring.database),
                database=wiring.database,
                room=Room(feed=feed),
            ),
            background=lambda wiring: [
                lambda: exchange.run(wiring.broker),
                lambda: feed.run(wiring.database),
                TellingWorker(
                    database=wiring.database, limits=settings.limits, woken=untold
                ).run,
            ],
        )
    )
