"""The numbers service, assembled: every room is named here."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from libs.common.download_links import DownloadLinks
from libs.common.graphql.route import graph_routes, resolver_of
from libs.common.housekeeping import every_hour
from libs.common.service import Service, Wiring, build_app
from libs.common.settings import Profile
from libs.contracts.topology import EVENTS, TOPOLOGY
from services.numbers.consumers import CONSUMES
from services.numbers.integrations.telephony import read_secrets
from services.numbers.routes.calls import call_routes
from services.numbers.routes.exports import EXPORTS, export_routes
from services.numbers.schema.context import Room
from services.numbers.schema.graph import build_graph
from services.numbers.settings import Settings
from services.numbers.timers import set_timers, timers_of
from services.numbers.use_cases.call_deliveries import forget_deliveries
from services.numbers.use_cases.number_changes import ChangeRules

MIGRATIONS = Path(__file__).parent / "migrations"


def create_app() -> Starlette:
    settings = Settings()

    def routes(wiring: Wiring) -> Sequence[BaseRoute]:
        secrets = settings.call_secrets
        links = DownloadLinks(
            str(settings.public_url), settings.download_secret.get_secret_value(), EXPORTS
        )
        return [
            *graph_routes(
                build_graph(shows_schema=settings.profile is Profile.DEVELOPMENT),
                settings=settings,
                callers=resolver_of(settings, wiring.database),
                database=wiring.database,
                room=Room(
                    download_links=links,
                    change_rules=ChangeRules(allow_fictional=settings.allow_fictional_numbers),
                ),
            ),
            *(
                call_routes(wiring.database, read_secrets(secrets.get_secret_value()))
                if secrets
                else ()
            ),
            *export_routes(wiring.database, links, settings.origins),
        ]

    return build_app(
        Service(
            name="numbers",
            settings=settings,
            migrations=MIGRATIONS,
            topology=TOPOLOGY,
            events_exchange=EVENTS,
            consumes=CONSUMES,
            timers=timers_of(settings.retention),
            routes=routes,
            background=lambda wiring: [
                partial(every_hour, partial(forget_deliveries, wiring.database)),
                partial(every_hour, partial(set_timers, wiring.database)),
            ],
        )
    )
