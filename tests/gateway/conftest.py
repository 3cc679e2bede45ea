"""What the gateway's tests share: subgraphs, an issuer, and one gateway."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway.issuer import AUDIENCE, ISSUER, jwks_app
from tests.gateway.processes import Gateway, ThreadedServer, run_node, running_gateway
from tests.gateway.subgraphs import SCHEMAS, subgraph_app


@dataclass
class House:
    """The printed schemas, their supergraph, the running subgraphs and a gateway's settings."""

    folder: Path
    settings: dict[str, str]
    subgraphs: dict[str, ThreadedServer]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the repository has it: services/*/schema.graphql, and what compose.mjs made of them."""
    folder = tmp_path_factory.mktemp("house")
    for name, schema in SCHEMAS.items():
        (folder / "services" / name).mkdir(parents=True)
        (folder / "services" / name / "schema.graphql").write_text(schema.as_str())
    run = run_node("compose.mjs", "--services", str(folder / "services"), "--to", str(folder))
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture
def own_copy(printed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(printed, tmp_path / "house"))


@pytest.fixture(scope="session")
def house(printed: Path) -> Iterator[House]:
    with ExitStack() as stack:
        issuer = stack.enter_context(ThreadedServer(jwks_app()))
        servers = {n: stack.enter_context(ThreadedServer(subgraph_app(n))) for n in SCHEMAS}
        settings = {
            "PROFILE": "development",
            "SUPERGRAPH": str(printed / "supergraph.graphql"),
            "JWKS_URL": f"http://127.0.0.1:{issuer.listen_port}/jwks.json",
            "JWT_ISSUER": ISSUER,
            "JWT_AUDIENCE": AUDIENCE,
            **{f"{n.upper()}_URL": server.url for n, server in servers.items()},
        }
        yield House(printed, settings, servers)


@pytest.fixture(scope="session")
def gateway(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The one most tests share: the production profile, as customers meet it."""
    settings = house.settings | {
        "PROFILE": "production",
        "GATEWAY_SECRET": "a secret that nobody guesses, of the hop",
    }
    with running_gateway(settings, tmp_path_factory.mktemp("gateway") / "log") as running:
        yield running
