"""`make events`: all types with owner, consumers and an example, or one of them in full."""

import signal
import sys
from collections.abc import Iterator
from difflib import get_close_matches

import orjson

from deploy.events.event_types import OWNERS, EventType, list_event_types
from deploy.events.examples import build_example
from deploy.events.fields import subject_of
from deploy.events.schemas import build_schema
from libs.common.events import encode

_WIDTH = 120


def list_all(event_types: list[EventType]) -> Iterator[str]:
    for owner in OWNERS:
        for comes_in, says in (
            (False, f"{owner} says"),
            (True, f"{owner} hears from outside"),
        ):
            yield f"{says}:"
            for each in event_types:
                if each.owner == owner and each.comes_in is comes_in:
                    yield f"  {each.name}  → {_name_consumers(each)}"
                    yield f"      {each.sentence}"
                    yield f"      {_print_short(each)}"
            yield ""
    yield "One in full: make events NAME=porting.port_approved.v1; as pages: docs/events/README.md"


def show_one(event_type: EventType) -> Iterator[str]:
    yield f"{event_type.name} on {event_type.exchange}"
    yield ""
    yield event_type.description
    yield ""
    yield f"owner      {event_type.owner}{', comes in' if event_type.comes_in else ''}"
    yield f"consumers  {_name_consumers(event_type)}"
    yield f"subject    {subject_of(event_type.fact)['means']}"
    yield ""
    yield _print_json(orjson.loads(encode(build_example(event_type.fact))))
    yield ""
    yield _print_json(build_schema(event_type.fact))


def main(name: str | None) -> int:
    """The exit code."""
    event_types = {each.name: each for each in list_event_types()}
    if name is None:
        print("\n".join(list_all(list(event_types.values()))))
        return 0
    if name not in event_types:
        near = get_close_matches(name, event_types, n=3) or ["make events lists them"]
        print(f"There is no event {name}. Near: {', '.join(near)}.", file=sys.stderr)
        return 1
    print("\n".join(show_one(event_types[name])))
    return 0


def _name_consumers(event_type: EventType) -> str:
    return ", ".join(sorted(set(event_type.consumers.values()))) or "no service of ours"


def _print_short(event_type: EventType) -> str:
    """What its siblings do not have comes first."""
    data = build_example(event_type.fact).fact.model_dump(mode="json")
    own = {name: data[name] for name in event_type.fact.__annotations__ if name in data}
    text = orjson.dumps({**own, **data}).decode()
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _print_json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


if __name__ == "__main__":
    # Whoever reads only the first lines closes the rest: that is no fault.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(next(iter(sys.argv[1:]), None)))
