"""How benchmarks measure: floor and ours take turns in one run, and the medians of rounds count."""

import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 5

Measure = Callable[[], Awaitable[float]]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of the report. `detail` gives the figures behind the value."""

    name: str
    value: float
    goal: float
    more_is_better: bool
    unit: str = "x"
    detail: str = ""

    @property
    def is_short(self) -> bool:
        return self.value < self.goal if self.more_is_better else self.value > self.goal

    def __str__(self) -> str:
        sign = ">=" if self.more_is_better else "<="
        verdict = "short" if self.is_short else "ok"
        return (
            f"{self.name:<34} {_figure(self.value)} {self.unit:<2} "
            f"goal {sign} {_figure(self.goal)} {verdict:<5} {self.detail}"
        )


def _figure(value: float) -> str:
    return f"{value:7.0f}" if value >= 100 else f"{value:7.2f}"


async def take_turns(
    floor: Measure, ours: Measure, *, rounds: int = ROUNDS
) -> list[tuple[float, float]]:
    """Floor, ours, floor, ours, … after one round that only warms up."""
    await floor()
    await ours()
    return [(await floor(), await ours()) for _ in range(rounds)]


def compare(pairs: Sequence[tuple[float, float]]) -> tuple[float, str]:
    """The median of each round's ratio, ours to floor, and the figures in a few words."""
    ratios = [ours / floor for floor, ours in pairs]
    figures = (
        f"floor {statistics.median(floor for floor, _ in pairs):,.4g}, "
        f"ours {statistics.median(ours for _, ours in pairs):,.4g}, "
        f"ratios {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return statistics.median(ratios), figures


class Stopwatch:
    """Counts from its making."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started


def read_cpu_seconds(pids: Iterable[int]) -> float:
    """The time that the threads of these processes ran, as exact as the scheduler knows it."""
    nanoseconds = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            nanoseconds += int((thread / "schedstat").read_text().split()[0])
    return nanoseconds / 1e9


def read_pss_megabytes(pids: Iterable[int]) -> float:
    """Memory of these processes, what they share counted once."""
    kilobytes = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def find_descendants(roots: Iterable[int]) -> set[int]:
    """These processes with all that they started."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
    found = set(roots)
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more
