"""The sample consumer of docs/events, run as it stands there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.places import ROOT

PROGRAM = ROOT / "docs" / "events" / "sample_consumer.py"
QUEUE = "sample.ports"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """`folder` holds what it keeps, and what it printed in all its runs."""

    folder: Path
    amqp_url: str

    @property
    def printed(self) -> list[str]:
        return (self.folder / "printed").read_text().splitlines()

    @contextmanager
    def running(self) -> Iterator[None]:
        with (self.folder / "printed").open("a") as output:
            process = subprocess.Popen(
                [sys.executable, PROGRAM],
                cwd=self.folder,
                env={**os.environ, "AMQP_URL": self.amqp_url},
                stdout=output,
            )
            try:
                yield
            finally:
                process.kill()
                process.wait()
