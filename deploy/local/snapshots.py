"""Prints what others build on: services' schemas, events' schemas, and who is told what."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.local.message_page import print_message_page
from deploy.local.places import ROOT
from libs.common.events import Fact
from libs.contracts.number_events import NUMBER_EVENTS, NUMBER_REPORTS
from libs.contracts.porting_events.registry import PORTING_EVENTS, PORTING_REPORTS
from services.notifications.schema.graph import build_graph as build_notifications_graph
from services.numbers.schema.graph import build_graph as build_numbers_graph
from services.porting.schema.graph import build_graph as build_porting_graph

GRAPHS = {
    "porting": build_porting_graph,
    "numbers": build_numbers_graph,
    "notifications": build_notifications_graph,
}
EVENTS: tuple[type[Fact], ...] = (
    *PORTING_EVENTS,
    *PORTING_REPORTS,
    *NUMBER_EVENTS,
    *NUMBER_REPORTS,
)


def print_snapshots() -> Iterator[tuple[Path, str]]:
    """Each file, and what should stand in it."""
    for service, build_graph in GRAPHS.items():
        schema = build_graph(shows_schema=True).as_str()
        yield ROOT / "services" / service / "schema.graphql", f"{schema}\n"
    schemas = {
        event.type: {"$id": event.data_schema(), **event.model_json_schema()}
        for event in EVENTS
    }
    text = json.dumps(schemas, indent=2, sort_keys=True, ensure_ascii=False)
    yield ROOT / "libs" / "contracts" / "events.schema.json", f"{text}\n"
    yield ROOT / "docs" / "messages.md", print_message_page()


def main(*, only_looks: bool) -> int:
    """Writes them, or tells which are stale; the exit code."""
    stale = [
        (file, text)
        for file, text in print_snapshots()
        if not file.exists() or file.read_text() != text
    ]
    for file, text in stale:
        name = file.relative_to(ROOT)
        if only_looks:
            print(f"{name} is stale: run `make snapshots`.", file=sys.stderr)
        else:
            file.write_text(text)
            print(f"  {name}")
    return 1 if stale and only_looks else 0


if __name__ == "__main__":
    sys.exit(main(only_looks="--check" in sys.argv[1:]))
