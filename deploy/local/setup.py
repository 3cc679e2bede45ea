"""Set-up of a fresh clone: the standard library only, on a bare Python, twice does nothing.

Fetches uv, the Python packages, the gateway's packages, and PostgreSQL's and RabbitMQ's
programs where neither the machine, nor a given URL, nor a Docker engine has them.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  (this runs before anything is pinned)
    sys.exit("setup: this Python is too old: install Python 3.11 or newer as python3.")

from deploy.local.binaries import UNPACKED, find_postgres, find_rabbitmq
from deploy.local.debian import fetch_package_lists, unpack_package
from deploy.local.errors import StartError
from deploy.local.ladder import choose_source
from deploy.local.package_index import build_uv_environment, has_own_index
from deploy.local.places import CACHE, GATEWAY, ROOT, VENV, find_node_package
from deploy.local.progress import LOG, Command, run_logged, step

UV_VERSION = "0.13.9"
UV_FOLDER = CACHE / "uv"
PYTHON_STAMP = CACHE / "python.stamp"
GATEWAY_STAMP = CACHE / "gateway.stamp"

NETWORK = "check the network and pip's index, then run it again"
APT = (
    "check the network and apt's sources, or install postgresql and rabbitmq-server, "
    "or start Docker, then run it again"
)


def set_up() -> None:
    """Everything that is missing, one set-up at a time."""
    if _is_complete():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with _alone():
        LOG.write_bytes(b"")
        if not _has_python_packages():
            _install_python_packages()
        if not _has_gateway_packages():
            _install_gateway_packages()
        missing = _list_missing_servers()
        if missing:
            _unpack_servers(missing)


def _is_complete() -> bool:
    return _has_python_packages() and _has_gateway_packages() and not _list_missing_servers()


def _has_python_packages() -> bool:
    wanted = _hash(ROOT / "uv.lock")
    return (VENV / "bin/python").exists() and _read(PYTHON_STAMP) == wanted


def _has_gateway_packages() -> bool:
    lock = GATEWAY / "package-lock.json"
    if not lock.exists():
        return True
    return (GATEWAY / "node_modules").is_dir() and _read(GATEWAY_STAMP) == _hash(lock)


def _list_missing_servers() -> list[tuple[str, str]]:
    """Debian package and the tree it goes to."""
    missing = []
    if find_postgres() is None and choose_source("postgres") == "local":
        missing.append(("postgresql", "postgresql"))
    if find_rabbitmq() is None and choose_source("rabbitmq") == "local":
        missing.append(("rabbitmq-server", "rabbitmq"))
    return missing


@contextmanager
def _alone() -> Iterator[None]:
    with (CACHE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("setup: another set-up is at work here, waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install_python_packages() -> None:
    pip = _find_pip()
    uv = UV_FOLDER / UV_VERSION / "bin/uv"
    if not uv.exists():
        with step("uv", NETWORK):
            target = UV_FOLDER / UV_VERSION
            shutil.rmtree(UV_FOLDER, ignore_errors=True)
            command: Command = [
                *pip,
                "install",
                "--quiet",
                "--target",
                target,
                f"uv=={UV_VERSION}",
            ]
            run_logged(command, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    with step("Python packages", NETWORK):
        PYTHON_STAMP.unlink(missing_ok=True)
        env = build_uv_environment(pip)
        if has_own_index(env):
            _install_from_own_index(uv, env)
        else:
            run_logged([uv, "sync", "--frozen", "--python", sys.executable], env=env)
        PYTHON_STAMP.write_text(_hash(ROOT / "uv.lock"))


def _install_from_own_index(uv: Path, env: dict[str, str]) -> None:
    """uv.lock holds the public index's addresses: its versions and hashes count here."""
    wanted = CACHE / "requirements.txt"
    export: Command = [
        uv,
        "export",
        "--frozen",
        "--no-emit-workspace",
        "--output-file",
        wanted,
    ]
    run_logged(export, env=env)
    run_logged([uv, "venv", "--clear", "--python", sys.executable, VENV], env=env)
    env = {**env, "UV_INDEX_STRATEGY": "unsafe-best-match", "UV_NO_CONFIG": "1"}
    sync: Command = [uv, "pip", "sync", "--require-hashes", "--python", VENV, wanted]
    run_logged(sync, env=env)


def _find_pip() -> Command:
    """The pip of this Python; where it has none, Debian's wheel of pip, which runs as it is."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return own
    tree = UNPACKED / "pip"
    wheel = _find_pip_wheel(tree)
    if wheel is None:
        remedy = (
            "check the network and apt's sources, or install python3-pip, then run it again"
        )
        with step("pip", remedy):
            fetch_package_lists()
            unpack_package("python3-pip-whl", tree)
        wheel = _find_pip_wheel(tree)
    if wheel is None:
        raise StartError("Debian's python3-pip-whl holds no pip: install python3-pip.")
    return [sys.executable, wheel / "pip"]


def _find_pip_wheel(tree: Path) -> Path | None:
    folders = [Path("/usr/share/python-wheels"), tree / "usr/share/python-wheels"]
    return next((wheel for folder in folders for wheel in folder.glob("pip-*.whl")), None)


def _install_gateway_packages() -> None:
    package = find_node_package()
    if package is None:
        raise StartError(f"Node is missing in {VENV}: delete that folder and run it again.")
    with step("gateway packages", "check the network and npm's registry, then run it again"):
        GATEWAY_STAMP.unlink(missing_ok=True)
        npm = package / "lib/node_modules/npm/bin/npm-cli.js"
        env = {
            "NODE_USE_SYSTEM_CA": "1",  # the certificates that this machine trusts
            "npm_config_cache": str(CACHE / "npm"),
            **os.environ,
            "PATH": f"{package / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        }
        install: Command = [package / "bin/node", npm, "ci", "--no-audit", "--no-fund"]
        run_logged(install, env=env, cwd=GATEWAY)
        GATEWAY_STAMP.write_text(_hash(GATEWAY / "package-lock.json"))


def _unpack_servers(missing: list[tuple[str, str]]) -> None:
    with step("Debian's package lists", APT):
        fetch_package_lists()
    for package, tree in missing:
        with step(package, APT):
            unpack_package(package, UNPACKED / tree)
    if _list_missing_servers():
        raise StartError(
            "Debian's PostgreSQL is older than 15 or its RabbitMQ than 3.10: start Docker, "
            "or set PORTLINE_POSTGRES_URL, PORTLINE_AMQP_URL and "
            "PORTLINE_RABBITMQ_MANAGEMENT_URL."
        )


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _read(stamp: Path) -> str | None:
    return stamp.read_text() if stamp.exists() else None


def main() -> int:
    try:
        set_up()
    except StartError as error:
        print(f"setup: {error}", file=sys.stderr)
    except OSError as error:
        print(f"setup: {error}: check the disk and the rights here.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nsetup: interrupted; run it again to go on.", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
