"""Debian packages unpacked into the cache: no rights needed, the machine stays as it is."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.local.places import CACHE
from deploy.local.progress import CommandError, run_logged

APT = CACHE / "apt"
STATUS = Path("/var/lib/dpkg/status")

# Hooks of the machine's apt would need root, and folders are ours.
DROPPED = re.compile(r"^(APT::Update::(Pre|Post)|DPkg::(Pre|Post)|Dir(::| ))", re.IGNORECASE)
SERVERS = re.compile(r"^(postgresql|rabbitmq|erlang)")


def fetch_package_lists() -> None:
    _write_settings()
    run_logged(["apt-get", "update"], env=_environment())


def unpack_package(package: str, tree: Path) -> None:
    """The package, and what of its needs the machine lacks, below `tree`."""
    archives = APT / "archives"
    shutil.rmtree(archives, ignore_errors=True)
    (archives / "partial").mkdir(parents=True)
    run_logged(["apt-get", "install", "-y", "--download-only", package], env=_environment())
    unfinished = tree.with_name(f"{tree.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    packages = sorted(archives.glob("*.deb"))
    if not packages:
        raise CommandError(f"apt-get offers no files of {package}")
    for archive in packages:
        run_logged(["dpkg-deb", "-x", archive, unfinished], env=_environment())
    shutil.rmtree(archives)
    shutil.rmtree(tree, ignore_errors=True)
    unfinished.rename(tree)


def _environment() -> dict[str, str]:
    return {**os.environ, "APT_CONFIG": str(APT / "apt.conf"), "LC_ALL": "C.UTF-8"}


def _write_settings() -> None:
    """The machine's settings (proxy, sources, keys), with lists and archives in the cache."""
    try:
        dump = subprocess.run(
            ["apt-config", "dump"], capture_output=True, text=True, check=True
        )
    except OSError:
        raise CommandError("this machine has no apt-get") from None
    except subprocess.CalledProcessError as error:
        raise CommandError(error.stderr.strip()) from None
    kept = [line for line in dump.stdout.splitlines() if not DROPPED.match(line)]
    for folder in ("state", "lists/partial", "cache"):
        (APT / folder).mkdir(parents=True, exist_ok=True)
    status = STATUS
    if os.environ.get("PORTLINE_IGNORE_SYSTEM_BINARIES"):
        status = APT / "status"
        status.write_text(_forget_servers(STATUS.read_text()))
    own = {
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": "/dev/null",
        "Dir::State": f"{APT}/state/",
        "Dir::State::lists": f"{APT}/lists/",
        "Dir::State::status": str(status),
        "Dir::Cache": f"{APT}/cache/",
        "Dir::Cache::archives": f"{APT}/archives/",
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "",
        "APT::Install-Recommends": "false",
    }
    kept += [f'{name} "{value}";' for name, value in own.items()]
    (APT / "apt.conf").write_text("\n".join(kept) + "\n")


def _forget_servers(status: str) -> str:
    """As if they were not installed, nor what needs them."""
    stanzas = {
        match[1]: stanza
        for stanza in status.split("\n\n")
        if (match := re.match(r"Package: (\S+)", stanza))
    }
    gone = {name for name in stanzas if SERVERS.match(name)}
    while True:
        kept = {name: stanza for name, stanza in stanzas.items() if name not in gone}
        more = {name for name, stanza in kept.items() if _list_needs(stanza) & gone}
        if not more:
            return "\n\n".join(kept.values()) + "\n"
        gone |= more


def _list_needs(stanza: str) -> set[str]:
    lines = re.findall(r"^(?:Pre-)?Depends: (.*)$", stanza, re.MULTILINE)
    return set(re.findall(r"(?:^|[,|]\s*)([a-z0-9][a-z0-9+.-]*)", ",".join(lines)))
