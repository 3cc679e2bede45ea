"""The machine's pip settings, said in uv's words (uv reads neither pip.conf nor PIP_…)."""

import ast
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.local.places import CACHE

PUBLIC_INDEX = "https://pypi.org/simple"
INDEX_NAMES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")


def build_uv_environment(pip: Sequence[str | Path]) -> dict[str, str]:
    """`pip` is the command that runs pip."""
    settings = _read_pip_settings(pip)
    env = {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "UV_SYSTEM_CERTS": "1",  # the certificates that this machine trusts,
        **os.environ,
    }
    env.pop("VIRTUAL_ENV", None)
    if not os.access(os.environ.get("HOME", "/"), os.W_OK):
        env.setdefault("UV_CACHE_DIR", str(CACHE / "uv-packages"))
    if cert := settings.get("cert"):
        env.setdefault("SSL_CERT_FILE", cert)
    if any(os.environ.get(name) for name in INDEX_NAMES):
        return env
    if index := settings.get("index-url"):
        env["UV_DEFAULT_INDEX"] = index
    if more := settings.get("extra-index-url"):
        env["UV_INDEX"] = " ".join(more.split())
    if links := settings.get("find-links"):
        env.setdefault("UV_FIND_LINKS", ",".join(links.split()))
    if hosts := settings.get("trusted-host"):
        env.setdefault("UV_INSECURE_HOST", " ".join(hosts.split()))
    return env


def has_own_index(env: dict[str, str]) -> bool:
    """Whether packages come from elsewhere than the public index that uv.lock names."""
    index = env.get("UV_DEFAULT_INDEX") or env.get("UV_INDEX_URL") or PUBLIC_INDEX
    return index.rstrip("/") != PUBLIC_INDEX


def _read_pip_settings(pip: Sequence[str | Path]) -> dict[str, str]:
    listed = subprocess.run(
        [*pip, "config", "list"], capture_output=True, text=True, check=False
    )
    found: dict[str, str] = {}
    lines = [line.partition("=") for line in listed.stdout.splitlines()]
    for section in ("global.", "install.", ":env:."):
        for name, _, value in lines:
            if name.startswith(section):
                found[name.removeprefix(section)] = str(ast.literal_eval(value))
    return found
