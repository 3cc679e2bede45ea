"""The numbers service, assembled: every room is named here."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from libs.common.graphql.route import graph_routes, resolver_of
from libs.common.housekeeping import every_hour
from libs.common.service import Service, Wiring, build_app
from libs.common.settings import Profile
from libs.contracts.topology import EVENTS, TOPOLOGY
from services.numbers.consumers import CONSUMES
from services.numbers.integrations.telephony import read_secrets
from services.numbers.routes.calls import call_routes
from services.numbers.schema.graph import build_graph
from services.numbers.settings import Settings
from services.numbers.use_cases.call_deliveries import forget_deliveries

MIGRATIONS = Path(__file__).parent / "migrations"


def create_app() -> Starlette:
    settings = Settings()
    graph = build_graph(shows_schema=settings.profile is Profile.DEVELOPMENT)

    def routes(wiring: Wiring) -> Sequence[BaseRoute]:
        secrets = settings.call_secrets
        return [
            *graph_routes(
                graph,
                settings=settings,
                callers=resolver_of(settings, wiring.database),
                database=wiring.database,
                room=None,
            ),
            *(
                call_routes(wiring.database, read_secrets(secrets.get_secret_value()))
                if secrets
                else ()
            ),
        ]

    return build_app(
        Service(
            name="numbers",
            settings=settings,
            migrations=MIGRATIONS,
            topology=TOPOLOGY,
            events_exchange=EVENTS,
            consumes=CONSUMES,
            routes=routes,
            background=lambda wiring: [
                partial(every_hour, partial(forget_deliveries, wiring.database))
            ],
        )
    )
