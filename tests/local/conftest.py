"""What is started beside the servers."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.guard import Guard
from deploy.local.places import ROOT


@pytest.fixture
def guard() -> Iterator[Guard]:
    with Guard() as guard:
        yield guard


@pytest.fixture
def start_driver(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Runs lines of Python as a process of their own, with `guard` and `folder` at hand."""
    running = []

    def start(body: str) -> subprocess.Popen[str]:
        head = f"""
            import os, signal, time
            from pathlib import Path
            from deploy.local.guard import Guard
            guard = Guard()
            folder = guard.make_folder(Path({str(tmp_path)!r}))
        """
        text = textwrap.dedent(head) + textwrap.dedent(body)
        driver = subprocess.Popen(
            [sys.executable, "-c", text],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(driver)
        return driver

    yield start
    for driver in running:
        driver.kill()
        driver.communicate()
