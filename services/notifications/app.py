"""The notifications service, all its rooms in one call."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from libs.common.graphql.route import graph_routes, resolver_of
from libs.common.housekeeping import every_hour
from libs.common.service import Background, Service, Wiring, build_app
from libs.common.settings import Profile
from libs.common.vault import Vault, read_keys
from libs.contracts.topology import EVENTS, TOPOLOGY
from services.notifications.consumers import consumes
from services.notifications.domain.unsubscribing import UnsubscribeLinks
from services.notifications.domain.webhook_urls import UrlRules
from services.notifications.integrations.envelopes import Sender
from services.notifications.integrations.mail_server import MailServer
from services.notifications.integrations.signing_links import MachineTokens, SigningLinks
from services.notifications.integrations.webhook_posts import AddressGate, Poster
from services.notifications.live_feed.exchange import LiveExchange
from services.notifications.live_feed.feed import LiveFeed
from services.notifications.routes.mail_reports import mail_report_routes
from services.notifications.routes.unsubscribing import unsubscribe_routes
from services.notifications.schema.context import Room
from services.notifications.schema.graph import build_graph
from services.notifications.settings import Settings
from services.notifications.timers import TIMERS
from services.notifications.use_cases.mail_writing import MailWriter
from services.notifications.use_cases.webhook_deliveries import forget_deliveries
from services.notifications.workers.mail import MailWorker
from services.notifications.workers.telling import TellingWorker
from services.notifications.workers.webhooks import WebhookWorker

MIGRATIONS: Final = Path(__file__).parent / "migrations"
# A porting or issuer on this machine is asked directly, whatever proxy the environment names.
_PAST_THE_PROXY: Final = {"all://127.0.0.1": None, "all://localhost": None}


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
                *_mail_routes(settings, wiring),
            ],
            background=background,
        )
    )


def _mail_routes(settings: Settings, wiring: Wiring) -> Sequence[BaseRoute]:
    callers = resolver_of(settings, wiring.database)
    return [
        *mail_report_routes(wiring.database, callers),
        *unsubscribe_routes(wiring.database, _unsubscribe_links(settings)),
    ]


def _mail_workers(settings: Settings, wiring: Wiring) -> Sequence[Background]:
    place = settings.mail_server
    if place is None:
        return []
    writer = MailWriter(
        sender=Sender(mail_from=settings.mail_from),
        unsubscribe_links=_unsubscribe_links(settings),
        signing_links=_signing_links(settings),
        console_url=str(settings.console_url) if settings.console_url else None,
        bulk_lines=settings.bulk_lines,
    )
    return [
        MailWorker(database=wiring.database, server=MailServer(place), writer=writer).run
        for _ in range(settings.mail_workers)
    ]


def _unsubscribe_links(settings: Settings) -> UnsubscribeLinks:
    return UnsubscribeLinks(
        str(settings.public_url or ""), settings.unsubscribe_secret.get_secret_value()
    )


def _signing_links(settings: Settings) -> SigningLinks | None:
    url, secret = settings.token_url, settings.token_client_secret
    if not (settings.porting_url and url and settings.token_client_id and secret):
        return None
    client = httpx.AsyncClient(mounts=_PAST_THE_PROXY)
    tokens = MachineTokens(
        str(url), settings.token_client_id, secret.get_secret_value(), client
    )
    return SigningLinks(str(settings.porting_url), tokens, client)
