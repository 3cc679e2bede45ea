"""Porting: every room in one call."""

from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from libs.common.child_process import ChildProcesses
from libs.common.graphql.route import graph_routes, resolver_of
from libs.common.service import Service, Wiring, build_app
from libs.common.settings import Profile
from libs.contracts.topology import EVENTS, TOPOLOGY
from services.porting.consumers import CONSUMES
from services.porting.integrations.files import Files, UploadLinks
from services.porting.routes.files import file_routes
from services.porting.routes.templates import template_routes
from services.porting.schema.context import Room
from services.porting.schema.graph import build_graph
from services.porting.settings import Settings
from services.porting.timers import timers_of
from services.porting.use_cases.importing import IntakeLimits

MIGRATIONS = Path(__file__).parent / "migrations"


def create_app() -> Starlette:
    settings = Settings()

    def routes(wiring: Wiring) -> Sequence[BaseRoute]:
        files = Files(settings.files_url)
        links = UploadLinks(
            str(settings.public_url), settings.upload_secret.get_secret_value()
        )
        room = Room(
            files=files,
            upload_links=links,
            children=ChildProcesses(),
            intake_limits=IntakeLimits(
                most_rows=settings.most_rows,
                allow_fictional=settings.allow_fictional_numbers,
            ),
        )
        return [
            *graph_routes(
                build_graph(shows_schema=settings.profile is Profile.DEVELOPMENT),
                settings=settings,
                callers=resolver_of(settings, wiring.database),
                database=wiring.database,
                room=room,
            ),
            *file_routes(wiring.database, files, links, settings.origins),
            *template_routes(room.children, settings.origins),
        ]

    return build_app(
        Service(
            name="porting",
            settings=settings,
            migrations=MIGRATIONS,
            topology=TOPOLOGY,
            events_exchange=EVENTS,
            consumes=CONSUMES,
            timers=timers_of(settings.idle_limits),
            routes=routes,
        )
    )
