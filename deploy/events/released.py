"""What was released of the event schemas: `make release` moves it, nothing else does."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from deploy.events.compatibility import find_breaks
from deploy.events.event_types import EventType, list_event_types
from deploy.events.schemas import build_all_schemas
from deploy.local.places import ROOT

RELEASED: Final = ROOT / "libs" / "contracts" / "events.released.json"


def print_schemas(event_types: list[EventType]) -> str:
    schemas = build_all_schemas(event_types)
    return f"{json.dumps(schemas, indent=2, sort_keys=True, ensure_ascii=False)}\n"


def find_breaks_since(released: Path, event_types: list[EventType]) -> list[str]:
    """One sentence each; before the first release nothing can break."""
    if not released.exists():
        return []
    was: dict[str, Any] = json.loads(released.read_text())
    heard = {each.name for each in event_types if each.comes_in}
    return find_breaks(was, build_all_schemas(event_types), heard)


def release(released: Path = RELEASED) -> int:
    """The exit code. What breaks others is not released: who wrote it has to think again."""
    event_types = list_event_types()
    breaks = find_breaks_since(released, event_types)
    for sentence in breaks:
        print(sentence, file=sys.stderr)
    if not breaks:
        released.write_text(print_schemas(event_types))
    return 1 if breaks else 0


if __name__ == "__main__":
    sys.exit(release())
