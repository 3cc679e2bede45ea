"""What each field and each subject means, and an example of it: libs/contracts/event_fields.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from deploy.local.places import ROOT
from libs.common.events import Fact

FILE = ROOT / "libs" / "contracts" / "event_fields.toml"
# Where nobody said what it is: everything can be printed, and a test fails.
UNKNOWN_SUBJECT = {"means": "what it happened to", "example": "?"}


def meaning_of(model: type[BaseModel], field: str) -> str | None:
    """What stands in the model itself counts more than what stands under the field's name."""
    return model.model_fields[field].description or _word_of(model, field).get("means")


def has_example(model: type[BaseModel], field: str) -> bool:
    return bool(model.model_fields[field].examples) or "example" in _word_of(model, field)


def example_of(model: type[BaseModel], field: str) -> Any:
    """None where there is none."""
    examples = model.model_fields[field].examples
    return examples[0] if examples else _word_of(model, field).get("example")


def subject_of(fact: type[Fact]) -> Mapping[str, str]:
    """`means` and `example`."""
    subjects = _read()["subjects"]
    named = (subjects[kind.__name__] for kind in fact.mro() if kind.__name__ in subjects)
    return next(named, UNKNOWN_SUBJECT)


def _word_of(model: type[BaseModel], field: str) -> dict[str, Any]:
    """The nearest class says more than one further up, and any more than the field's name alone."""
    word = dict(_read()["fields"].get(field, {}))
    for kind in reversed(model.mro()):
        word |= _read()["of"].get(kind.__name__, {}).get(field, {})
    return word


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text())
