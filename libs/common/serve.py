"""Starts a service: `python -m libs.common.serve services.porting.app:create_app`."""

import gc
import importlib
import sys

import uvicorn
from pydantic import ValidationError

from libs.common.settings import ServiceSettings, explain
from libs.common.telemetry import configure_logging


def calm_garbage_collector() -> None:
    """Thousands of sockets make full collections long: what is loaded now stays out of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 1_000)


def main() -> int:
    module, _, factory = sys.argv[1].partition(":")
    configure_logging(service=module.split(".")[1])
    try:
        app = getattr(importlib.import_module(module), factory)()
    except ValidationError as error:
        print(*explain(error), sep="\n", file=sys.stderr)  # noqa: T201 - said to who starts it
        return 1
    calm_garbage_collector()
    settings: ServiceSettings = app.state.settings
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.listen_port,
        loop="uvloop",
        http="httptools",
        ws="wsproto",
        ws_max_size=1_100_000,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=8,
        # Longer than the gateway keeps an idle connection: who closes first meets no request.
        timeout_keep_alive=120,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
