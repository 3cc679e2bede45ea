"""Prints what others build on: schemas, all about events, who is told what, and mails."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.events.asyncapi import build_document
from deploy.events.event_types import OWNERS, list_event_types
from deploy.events.pages import print_overview, print_page
from deploy.events.released import RELEASED, find_breaks_since, print_schemas
from deploy.local.mail_previews import print_previews
from deploy.local.message_page import print_message_page
from deploy.local.places import ROOT
from services.notifications.schema.graph import build_graph as build_notifications_graph
from services.numbers.schema.graph import build_graph as build_numbers_graph
from services.porting.schema.graph import build_graph as build_porting_graph

GRAPHS = {
    "porting": build_porting_graph,
    "numbers": build_numbers_graph,
    "notifications": build_notifications_graph,
}


def print_snapshots() -> Iterator[tuple[Path, str]]:
    """Each file, and what should stand in it."""
    for service, build_graph in GRAPHS.items():
        schema = build_graph(shows_schema=True).as_str()
        yield ROOT / "services" / service / "schema.graphql", f"{schema}\n"
    event_types = list_event_types()
    yield ROOT / "libs" / "contracts" / "events.schema.json", print_schemas(event_types)
    pages = ROOT / "docs" / "events"
    yield pages / "README.md", print_overview(event_types)
    for owner in OWNERS:
        yield pages / f"{owner}.md", print_page(owner, event_types)
        document = json.dumps(build_document(owner, event_types), indent=2, ensure_ascii=False)
        yield pages / f"{owner}.asyncapi.json", f"{document}\n"
    for name, preview in print_previews():
        yield ROOT / "docs" / "mails" / name, preview
    yield ROOT / "docs" / "messages.md", print_message_page()


def main(*, only_looks: bool) -> int:
    """Writes them, or tells which are stale and which events break others; the exit code."""
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
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            print(f"  {name}")
    breaks = find_breaks_since(RELEASED, list_event_types())
    for sentence in breaks:
        print(sentence, file=sys.stderr)
    return 1 if only_looks and (stale or breaks) else 0


if __name__ == "__main__":
    sys.exit(main(only_looks="--check" in sys.argv[1:]))
