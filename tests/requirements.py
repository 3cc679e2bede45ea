"""Which test proves which requirement; `--requirements` runs those tests and prints them all."""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

LIST = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
SENTENCES: dict[str, str] = LIST["sentences"]
NOT_YET: dict[str, str] = LIST["not_yet"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--requirements",
        action="store_true",
        help="run the tests that prove a requirement, and print each requirement with them",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("requirements"):
        config.pluginmanager.register(Proofs())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    unknown = {
        f"{name_of(item.nodeid)}: there is no requirement {number!r}"
        for item in items
        for number in numbers_of(item)
        if number not in SENTENCES
    }
    if unknown:
        raise pytest.UsageError(*sorted(unknown))


def numbers_of(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers("requirement"):
        yield from mark.args or [""]


def name_of(node_id: str) -> str:
    """Without its parameters."""
    return node_id.partition("[")[0]


@dataclass(kw_only=True, eq=False)  # pytest keeps plug-ins in sets
class Proofs:
    """The tests of each requirement, and how often each passed or did not."""

    tests: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        others = [item for item in items if not any(numbers_of(item))]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if any(numbers_of(item))]
        for item in items:
            for number in numbers_of(item):
                self.tests[number].add(name_of(item.nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            self.outcomes[name_of(report.nodeid)][report.outcome] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("requirements")
        for line in self.lines():
            terminalreporter.write_line(line)

    def lines(self) -> Iterator[str]:
        for number, sentence in SENTENCES.items():
            yield f"{number:<4} {sentence}"
            yield from (f"     {self.outcome(name)}  {name}" for name in self.names(number))
            if number in NOT_YET:
                yield f"     not yet: {NOT_YET[number]}"
        without = [number for number in SENTENCES if number not in self.tests]
        in_part = [number for number in NOT_YET if number in self.tests]
        yield ""
        yield f"{len(SENTENCES) - len(without)} of {len(SENTENCES)} have a test."
        yield f"Proven in part: {' '.join(in_part) or 'none'}"
        yield f"Without a test: {' '.join(without) or 'none'}"

    def names(self, number: str) -> list[str]:
        return sorted(self.tests.get(number, ()))

    def outcome(self, name: str) -> str:
        """`passed`, or how often each where it ran with several parameters."""
        counts = self.outcomes[name]
        if not counts:
            return "not run"
        if counts.total() == 1:
            return next(iter(counts))
        return ", ".join(f"{count} {each}" for each, count in sorted(counts.items()))
