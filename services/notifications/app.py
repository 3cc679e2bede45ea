"""The notifications service, all its rooms in one call."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from libs.common.graphql.route import graph_routes, resolver_of
from libs.common.housekeeping import every_hour
from libs.common.metrics import Count
from libs.common.service import Background, Service, Wiring, build_app
from libs.common.settings import Profile
from libs.common.vault import Vault, read_keys
from libs.contracts.topology import EVENTS, TOPOLOGY
from services.notifications.consumers import consumes
from services.notifications.domain.webhook_urls import UrlRules
from services.notifications.integrations.envelopes import Sender
from services.notifications.integrations.mail_server import MailServer
from services.notifications.integrations.signing_links import open_signing_links
from services.notifications.integrations.webhook_posts import AddressGate, Poster
from services.notifications.live_feed.exchange import LiveExchange
from services.notifications.live_feed.feed import LiveFeed
from services.notifications.routes.mail_reports import mail_report_routes
from services.notifications.routes.unsubscribing import unsubscribe_routes
from services.notifications.schema.context import Room
from services.notifications.schema.graph import build_graph
from services.notifications.settings import Settings
from services.notifications.store.dead_notices import COUNT_ALL
from services.notifications.timers import TIMERS
from services.notifications.use_cases.forgetting import forget_told
from services.notifications.use_cases.mail_writing import MailWriter
from services.notifications.use_cases.webhook_deliveries import forget_deliveries
from services.notifications.workers.mail import MailWorker
from services.notifications.workers.telling import TellingWorker
from services.notifications.workers.webhooks import WebhookWorker

MIGRATIONS: Final = Path(__file__).parent / "migrations"
DEAD_NOTICES: Final = Count(
    name="dead_notices", sentence="Notices that wait for a person.", statement=COUNT_ALL
)


def create_app() -> Starlette:
    settings = Settings()
    exchange = LiveExchange()
    feed = LiveFeed(exchange)
    untold = asyncio.Event()
    graph = build_graph(shows_schema=settings.profile is Profile.DEVELOPMENT)
    vault = Vault(read_keys(settings.webhook_keys.get_secret_value()))
    rules = UrlRules(allows_loopback=settings.webhook_loopback)
    webhooks = WebhookWorker(
        poster=Poster(AddressGate(rules), timeout_s=settings.webhook_timeout_s), vault=vault
    )

    def background(wiring: Wiring) -> Sequence[Background]:
        return [
            lambda: exchange.run(wiring.broker),
            lambda: feed.run(wiring.database),
            TellingWorker(
                database=wiring.database,
                limits=settings.limits,
                woken=untold,
                announce=exchange.announce_entries,
            ).run,
            *_mail_workers(settings, wiring),
            lambda: webhooks.run(wiring.database),
            partial(every_hour, partial(forget_deliveries, wiring.database)),
            partial(every_hour, partial(forget_told, wiring.database)),
        ]

    return build_app(
        Service(
            name="notifications",
            settings=settings,
            migrations=MIGRATIONS,
            topology=TOPOLOGY,
            events_exchange=EVENTS,
            consumes=consumes(
                exchange.announce,
                wake_telling=untold.set,
                wake_webhooks=webhooks.wake,
                gather_for=settings.gather_for,
            ),
            counts=(DEAD_NOTICES,),
            timers=TIMERS,
            routes=lambda wiring: [
                *graph_routes(
                    graph,
                    settings=settings,
                    callers=resolver_of(settings, wiring.database),
                    database=wiring.database,
                    room=Room(
                        feed=feed,
                        vault=vault,
                        # Not the worker's: whoever names slow names holds up no sending.
                        webhook_gate=AddressGate(rules),
                        webhook_overlap=settings.webhook_overlap,
                        wake_webhooks=webhooks.wake,
                    ),
                ),
                *mail_report_routes(wiring.database, resolver_of(settings, wiring.database)),
                *unsubscribe_routes(wiring.database, settings.unsubscribe_links),
            ],
            background=background,
        )
    )


def _mail_workers(settings: Settings, wiring: Wiring) -> Sequence[Background]:
    """None of them where there is no mail server: mails wait in the table."""
    place, signing = settings.mail_server, settings.signing_place
    if place is None:
        return []
    writer = MailWriter(
        sender=Sender(mail_from=settings.mail_from),
        unsubscribe_links=settings.unsubscribe_links,
        signing_links=open_signing_links(signing) if signing else None,
        console_url=str(settings.console_url) if settings.console_url else None,
    )
    return [
        MailWorker(database=wiring.database, server=MailServer(place), writer=writer).run
        for _ in range(settings.mail_workers)
    ]
