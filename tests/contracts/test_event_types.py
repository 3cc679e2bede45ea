"""Every event says what it is, what each of its fields means, who hears it, and shows an example."""

import re
from datetime import date
from typing import Literal

import pytest
from pydantic import AwareDatetime, Field

from deploy.events.__main__ import main
from deploy.events.asyncapi import build_document
from deploy.events.event_types import EventType, is_bound, list_event_types
from deploy.events.examples import build_example
from deploy.events.fields import FILE, UNKNOWN_SUBJECT, has_example, meaning_of, subject_of
from deploy.events.pages import print_page
from deploy.events.released import print_schemas
from deploy.events.schemas import build_schema, find_parts
from libs.common.broker import Queue
from libs.common.events import EventRegistry, Fact, encode
from libs.contracts.topology import EVENTS

EVENT_TYPES = {each.name: each for each in list_event_types()}
EACH = pytest.mark.parametrize("event_type", EVENT_TYPES.values(), ids=lambda each: each.name)


def test_every_event_says_when_it_is_said():
    silent = [each.name for each in EVENT_TYPES.values() if not each.description]

    assert silent == [], "give each a docstring of its own: it becomes the description"


def test_every_field_says_what_it_means():
    silent = {
        f"{model.__name__}.{field}"
        for each in EVENT_TYPES.values()
        for model in (each.fact, *find_parts(each.fact))
        for field in model.model_fields
        if not meaning_of(model, field)
    }

    assert silent == set(), f"say it in {FILE.name}, or in the field's description"


def test_no_event_has_a_place_for_a_secret():
    secrets = {"pin", "ssn", "token", "secret", "password", "content", "text", "body"}
    places = {
        field
        for each in EVENT_TYPES.values()
        for model in (each.fact, *find_parts(each.fact))
        for field in model.model_fields
        if secrets & set(field.split("_"))
    }

    assert places == {"is_pin_set"}


def test_every_subject_says_what_it_is():
    silent = [
        each.name for each in EVENT_TYPES.values() if subject_of(each.fact) is UNKNOWN_SUBJECT
    ]

    assert silent == [], f"say it in {FILE.name}"


def test_what_is_said_is_said_of_something():
    models = {m for each in EVENT_TYPES.values() for m in (each.fact, *find_parts(each.fact))}
    names = {kind.__name__ for model in models for kind in model.mro()}
    fields = {field for model in models for field in model.model_fields}
    words = re.findall(r"^\[of\.(\w+)\]", FILE.read_text(), re.MULTILINE)
    fields_section = FILE.read_text().partition("[fields]\n")[2].partition("\n[")[0]
    told = re.findall(r"^(\w+) = ", fields_section, re.MULTILINE)

    assert set(words) <= names
    assert set(told) <= fields


@EACH
def test_an_example_is_read_by_our_own_code(event_type):
    example = build_example(event_type.fact)

    assert EventRegistry([event_type.fact]).decode(encode(example)) == example
    assert build_example(event_type.fact) == example


def test_every_example_has_an_id_of_its_own():
    ids = [build_example(each.fact).id for each in EVENT_TYPES.values()]

    assert len(set(ids)) == len(ids)
    assert {id_.version for id_ in ids} == {7}


def test_no_example_leaves_a_place_empty():
    empty = {
        f"{model.__name__}.{name}"
        for each in EVENT_TYPES.values()
        for model in (each.fact, *find_parts(each.fact))
        for name, field in model.model_fields.items()
        if field.annotation in {str, list[str]} and not has_example(model, name)
    }

    assert empty == set(), f"give it an example in {FILE.name}"


class NumberPainted(Fact):
    type = "numbers.number_painted.v1"
    colour: str
    coats: int
    dry_at: AwareDatetime
    since: date | None
    shade: Literal["light", "dark"]
    layers: list[str]
    sold_as: str = Field(description="What the shop says.", examples=["Ochre"])


def test_what_nobody_has_put_into_words_yet_is_printed_all_the_same():
    painted = EventType(fact=NumberPainted, owner="numbers", exchange=EVENTS, consumers={})

    example = build_example(NumberPainted)
    page = print_page("numbers", [painted])

    assert EventRegistry([NumberPainted]).decode(encode(example)) == example
    assert "| `sold_as` | string | What the shop says. |" in page
    assert '"sold_as": "Ochre"' in page
    assert build_document("numbers", [painted])["channels"]


def test_the_schemas_say_what_the_fields_mean():
    schema = build_schema(EVENT_TYPES["porting.lines_ported.v1"].fact)
    part = schema["$defs"]["PortedLine"]["properties"]

    assert schema["properties"]["batch"]["description"].startswith("Which part")
    assert (
        part["tracking_number"]["description"] == "The number that ports or rings, in E.164."
    )
    assert print_schemas(list(EVENT_TYPES.values())) == print_schemas(
        list(EVENT_TYPES.values())
    )


@pytest.mark.parametrize(
    ("name", "consumers"),
    [
        ("porting.review_started.v1", {"numbers", "notifications"}),
        # On the queue of numbers, and nobody of porting or notifications looks at it.
        ("porting.lines_readied.v1", {"numbers"}),
        # On the queue of porting, which ignores it.
        ("numbers.billing_period_opened.v1", {"notifications"}),
        ("calls.call_received.v1", {"numbers"}),
        ("port_outs.reported.v1", {"porting"}),
    ],
)
def test_who_hears_an_event_is_who_does_something_with_it(name, consumers):
    assert set(EVENT_TYPES[name].consumers.values()) == consumers


@pytest.mark.parametrize(
    ("key", "is_heard"),
    [
        ("porting.port_approved.v1", True),
        ("porting.#", True),
        ("#", True),
        ("#.v1", True),
        ("porting.*.v1", True),
        ("porting.*", False),
        ("numbers.#", False),
        ("porting.port.approved.v1", False),
    ],
)
def test_a_queue_hears_what_its_keys_match(key, is_heard):
    queue = Queue(name="ours", exchange=EVENTS, keys=(key,))

    assert is_bound(queue, "porting.port_approved.v1") is is_heard


def test_the_command_lists_every_event_and_shows_one_in_full(capsys):
    assert main(None) == 0
    listed = capsys.readouterr().out
    assert main("porting.port_approved.v1") == 0
    shown = capsys.readouterr().out
    assert main("porting.port_aproved.v1") == 1
    complaint = capsys.readouterr().err

    assert all(name in listed for name in EVENT_TYPES)
    assert "calls.call_received.v1  → numbers" in listed
    assert '"specversion": "1.0"' in shown
    assert '"firm_date"' in shown
    assert "porting.port_approved.v1" in complaint
