"""Porting: every room in one call."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from libs.common.child_process import ChildProcesses
from libs.common.download_links import DownloadLinks
from libs.common.graphql.route import graph_routes, resolver_of
from libs.common.housekeeping import every_hour
from libs.common.service import Background, Service, Wiring, build_app
from libs.common.settings import Profile
from libs.common.vault import Vault, read_keys
from libs.contracts.topology import EVENTS, TOPOLOGY
from services.porting.consumers import CONSUMES
from services.porting.domain.signing import LinkMaker
from services.porting.integrations.carriers.desk import Desk
from services.porting.integrations.carriers.emulator import Emulator
from services.porting.integrations.carriers.protocol import Carrier
from services.porting.integrations.files import Files, UploadLinks
from services.porting.integrations.seals import load_seal
from services.porting.routes.files import carrier_routes, file_routes
from services.porting.routes.letters import letter_routes
from services.porting.routes.templates import template_routes
from services.porting.schema.context import Room
from services.porting.schema.graph import build_graph
from services.porting.settings import CarrierChoice, Settings
from services.porting.timers import timers_of
from services.porting.use_cases.document_files import DocumentIntake
from services.porting.use_cases.importing import IntakeLimits
from services.porting.use_cases.letter_rendering import LetterPress
from services.porting.use_cases.telling import Pace
from services.porting.use_cases.uploads import sweep_uploads
from services.porting.workers import CarrierWorker

MIGRATIONS = Path(__file__).parent / "migrations"


def create_app() -> Starlette:
    settings = Settings()
    carrier = _carrier_of(settings)
    files = Files(settings.files_url)
    vault = Vault(read_keys(settings.pin_keys.get_secret_value()))

    def routes(wiring: Wiring) -> Sequence[BaseRoute]:
        address = str(settings.public_url), settings.upload_secret.get_secret_value()
        children = ChildProcesses()
        links, download_links = UploadLinks(*address), DownloadLinks(*address, "documents")
        link_maker = LinkMaker(settings.letter_secret.get_secret_value())
        callers = resolver_of(settings, wiring.database)
        room = Room(
            files=files,
            upload_links=links,
            download_links=download_links,
            children=children,
            document_intake=DocumentIntake(files, children),
            vault=vault,
            link_maker=link_maker,
            intake_limits=IntakeLimits(
                most_rows=settings.most_rows,
                allow_fictional=settings.allow_fictional_numbers,
            ),
            port_out_cooling_off=settings.port_out_cooling_off,
        )
        return [
            *graph_routes(
                build_graph(shows_schema=settings.profile is Profile.DEVELOPMENT),
                settings=settings,
                callers=callers,
                database=wiring.database,
                room=room,
            ),
            *file_routes(wiring.database, files, links, download_links, settings.origins),
            *template_routes(room.children, settings.origins),
            *letter_routes(
                wiring.database,
                link_maker,
                callers,
                str(settings.public_url),
                settings.origins,
            ),
            *carrier_routes(wiring.database, carrier, vault),
        ]

    def background(wiring: Wiring) -> Sequence[Background]:
        pace = Pace(first_look=timedelta(seconds=settings.carrier_first_look_s))
        worker = CarrierWorker(
            database=wiring.database,
            carrier=carrier,
            pace=pace,
            # The desk is shown a PIN when somebody types it in, and not before.
            vault=None if settings.carrier is CarrierChoice.DESK else vault,
        )
        press = LetterPress(
            database=wiring.database,
            files=files,
            children=ChildProcesses(at_once=1),
            seal=load_seal(settings.seal_key_file),
        )
        return [
            partial(every_hour, partial(sweep_uploads, wiring.database, files)),
            worker.tell,
            worker.hear,
            press.run,
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
            background=background,
        )
    )


def _carrier_of(settings: Settings) -> Carrier:
    if settings.carrier is CarrierChoice.DESK:
        return Desk()
    assert settings.carrier_url is not None
    assert settings.carrier_secret is not None
    return Emulator(str(settings.carrier_url), settings.carrier_secret.get_secret_value())
