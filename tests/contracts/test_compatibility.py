"""Which changes of a schema are let through, of what we say and of what we hear."""

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, Field, create_model

from deploy.events.compatibility import find_breaks
from deploy.events.event_types import EventType
from deploy.events.released import find_breaks_since, print_schemas, release
from deploy.local import snapshots
from libs.common.events import Fact
from libs.contracts.topology import EVENTS

SAID, HEARD = "porting.port_named.v1", "port_outs.named.v1"


def schema(**fields: Any) -> dict[str, Any]:
    return create_model("Named", **fields).model_json_schema()


def part(**fields: Any) -> type[BaseModel]:
    return create_model("Part", **fields)


def breaks(before: dict[str, Any], after: dict[str, Any], name: str) -> list[str]:
    return find_breaks({name: before}, {name: after}, heard={HEARD})


ONE = {"at": (str, ...)}
WELCOME = {
    "nothing": (ONE, ONE),
    "an optional field": (ONE, {**ONE, "by": (str | None, None)}),
    "a field with a default": (ONE, {**ONE, "count": (int, 1)}),
    "another title and description": (
        ONE,
        {"at": (str, Field(title="When", description="The time", examples=["now"]))},
    ),
    "a part by another name": (
        {"lines": (list[part(id=(str, ...))], ...)},
        {"lines": (list[create_model("Line", id=(str, ...))], ...)},
    ),
    "an optional field of a part": (
        {"lines": (list[part(id=(str, ...))], ...)},
        {"lines": (list[part(id=(str, ...), name=(str, ""))], ...)},
    ),
    "an optional field of a part that may be null": (
        {"line": (part(id=(str, ...)) | None, None)},
        {"line": (part(id=(str, ...), name=(str, "")) | None, None)},
    ),
    "a list of one for one value": ({"a": (Literal["x"], ...)}, {"a": (Literal["x"], ...)}),
}
# Readers of what we say would meet what they do not know; of what we hear we take more.
WIDER = {
    "may now be null": (ONE, {"at": (str | None, ...)}),
    "may now be missing": (ONE, {"at": (str, "")}),
    'has "z" as one of its values': (
        {"a": (Literal["x", "y"], ...)},
        {"a": (Literal["x", "y", "z"], ...)},
    ),
    'has "y" as one of its values': (
        {"a": (Literal["x"], ...)},
        {"a": (Literal["x", "y"], ...)},
    ),
    "is no longer limited to some values": (
        {"a": (Literal["x", "y"], ...)},
        {"a": (str, ...)},
    ),
    "was integer and is number": ({"a": (int, ...)}, {"a": (float, ...)}),
    "had maxLength 5 and has 9": (
        {"a": (str, Field(max_length=5))},
        {"a": (str, Field(max_length=9))},
    ),
    "had maxLength 5 and has null": ({"a": (str, Field(max_length=5))}, {"a": (str, ...)}),
    "had minimum 3 and has 1": ({"a": (int, Field(ge=3))}, {"a": (int, Field(ge=1))}),
    'had format "date-time" and has null': ({"a": (AwareDatetime, ...)}, {"a": (str, ...)}),
    "was string and is anything": ({"a": (str, ...)}, {"a": (Any, ...)}),
    "as one of its choices": ({"a": (str | int, ...)}, {"a": (str | int | bool, ...)}),
}
# What was written before would be refused: kept events by us, reports of others by us as well.
NARROWER = {
    "may no longer be null": ({"at": (str | None, ...)}, ONE),
    "must now be there": ({"at": (str, "")}, ONE),
    "is new and must be there": (ONE, {**ONE, "by": (str, ...)}),
    'has lost "y", one of its values': (
        {"a": (Literal["x", "y", "z"], ...)},
        {"a": (Literal["x", "z"], ...)},
    ),
    "is limited to some values": ({"a": (str, ...)}, {"a": (Literal["x", "y"], ...)}),
    "was number and is integer": ({"a": (float, ...)}, {"a": (int, ...)}),
    "had maxLength null and has 5": ({"a": (str, ...)}, {"a": (str, Field(max_length=5))}),
    "had minItems null and has 1": (
        {"a": (list[str], ...)},
        {"a": (list[str], Field(min_length=1))},
    ),
    'had pattern null and has "^x$"': (
        {"a": (str, ...)},
        {"a": (str, Field(pattern="^x$"))},
    ),
    "data.lines[].name is new and must be there": (
        {"lines": (list[part(id=(str, ...))], ...)},
        {"lines": (list[part(id=(str, ...), name=(str, ...))], ...)},
    ),
}
OTHER = {
    "data.at is gone": (ONE, {}),
    "data.by is gone": ({**ONE, "by": (str | None, None)}, ONE),
    "data.at was string and is integer": (ONE, {"at": (int, ...)}),
    "data.at was string and is array": (ONE, {"at": (list[str], ...)}),
    "data.lines[].id is gone": (
        {"lines": (list[part(id=(str, ...))], ...)},
        {"lines": (list[part(name=(str, ""))], ...)},
    ),
    "data.lines[].id was string and is integer": (
        {"lines": (list[part(id=(str, ...))], ...)},
        {"lines": (list[part(id=(int, ...))], ...)},
    ),
    "data.line.id was string and is integer": (
        {"line": (part(id=(str, ...)) | None, None)},
        {"line": (part(id=(int, ...)) | None, None)},
    ),
    "data.counts.* was integer and is string": (
        {"counts": (dict[str, int], ...)},
        {"counts": (dict[str, str], ...)},
    ),
    'had format "date-time" and has "date"': (
        {"a": (AwareDatetime, ...)},
        {"a": (str, Field(json_schema_extra={"format": "date"}))},
    ),
    "meant 1 where it is missing, and now means 2": ({"a": (int, 1)}, {"a": (int, 2)}),
}


@pytest.mark.parametrize("name", [SAID, HEARD])
@pytest.mark.parametrize(("before", "after"), WELCOME.values(), ids=WELCOME)
def test_what_may_be_added_at_any_time_is_let_through(before, after, name):
    assert breaks(schema(**before), schema(**after), name) == []


@pytest.mark.parametrize(("says", "change"), WIDER.items(), ids=WIDER)
def test_what_we_say_may_not_widen_and_what_we_hear_may(says, change):
    before, after = schema(**change[0]), schema(**change[1])

    [told] = breaks(before, after, SAID)

    assert says in told
    assert breaks(before, after, HEARD) == []


@pytest.mark.parametrize("name", [SAID, HEARD])
@pytest.mark.parametrize(
    ("says", "change"), [*NARROWER.items(), *OTHER.items()], ids=[*NARROWER, *OTHER]
)
def test_what_nothing_of_before_fits_is_refused_on_both_sides(says, change, name):
    [told] = breaks(schema(**change[0]), schema(**change[1]), name)

    assert says in told


def test_a_renamed_field_is_one_that_is_gone():
    told = breaks(schema(at=(str, ...)), schema(when=(str, "")), SAID)

    assert told == [
        f"{SAID}: data.at is gone: make it a new version, porting.port_named.v2, and keep this one."
    ]


def test_all_breaks_are_told_at_once():
    before = schema(at=(str, ...), by=(str, ...), count=(int, 1))
    after = schema(at=(int, ...), count=(int, 2))

    assert len(breaks(before, after, SAID)) == 3


def test_a_type_that_is_gone_is_refused_and_a_new_one_is_welcome():
    released = {SAID: schema(**ONE)}

    [told] = find_breaks(released, {"porting.port_named.v2": schema(**ONE)}, heard=set())

    assert told.startswith(f"{SAID} is gone")
    assert find_breaks(released, {**released, HEARD: schema(**ONE)}, heard=set()) == []


def test_a_keyword_that_nobody_judges_is_refused_where_it_changes():
    before = schema(**ONE)
    after = {**before, "propertyNames": {"pattern": "^[a-z]+$"}}

    [told] = breaks(before, after, SAID)

    assert "propertyNames" in told
    assert breaks(after, after, SAID) == []


@pytest.mark.parametrize("name", [SAID, HEARD])
@pytest.mark.parametrize(
    "kind",
    [
        lambda one: tuple[one, int],
        lambda one: Annotated[
            one | part(kind=(Literal["b"], ...)), Field(discriminator="kind")
        ],
    ],
    ids=["a place in a list", "one of its kinds"],
)
def test_a_part_behind_a_keyword_that_nobody_judges_is_looked_into(kind, name):
    before = schema(a=(kind(part(kind=(Literal["a"], ...), title=(str, ""))), ...))
    same = schema(
        a=(
            kind(
                part(
                    kind=(Literal["a"], ...),
                    title=(
                        str,
                        "",
                    ),
                )
            ),
            ...,
        )
    )
    after = schema(a=(kind(part(kind=(Literal["a"], ...))), ...))

    [told] = breaks(before, after, name)

    assert "data.a had " in told
    assert breaks(before, same, name) == []


def test_a_schema_that_holds_itself_is_compared_to_its_end():
    class Before(BaseModel):
        inner: "list[Before]"
        at: str

    class After(BaseModel):
        inner: "list[After]"
        at: int

    told = breaks(Before.model_json_schema(), After.model_json_schema(), SAID)

    assert any("data.at was string and is integer" in sentence for sentence in told)


class PortNamed(Fact):
    """A request has a name."""

    type = SAID
    name: str


class PortNamedOtherwise(Fact):
    """A request has a title."""

    type = SAID
    title: str


def event_type_of(fact: type[Fact]) -> EventType:
    return EventType(fact=fact, owner="porting", exchange=EVENTS, consumers={})


@pytest.fixture
def released(tmp_path):
    file = tmp_path / "events.released.json"
    file.write_text(print_schemas([event_type_of(PortNamed)]))
    return file


def test_before_the_first_release_nothing_can_break(tmp_path):
    assert find_breaks_since(tmp_path / "none.json", [event_type_of(PortNamed)]) == []


def test_a_break_fails_the_check_and_names_type_and_path(released, monkeypatch, capsys):
    monkeypatch.setattr(snapshots, "print_snapshots", lambda: iter(()))
    monkeypatch.setattr(
        snapshots, "list_event_types", lambda: [event_type_of(PortNamedOtherwise)]
    )
    monkeypatch.setattr(snapshots, "RELEASED", released)

    code = snapshots.main(only_looks=True)

    complaint = capsys.readouterr().err
    assert code == 1
    assert f"{SAID}: data.name is gone: make it a new version" in complaint


def test_only_a_release_moves_what_was_released(released, capsys):
    before = released.read_text()
    added = {SAID: json.loads(before)[SAID], **json.loads(before)}
    assert find_breaks_since(released, [event_type_of(PortNamed)]) == []

    # Today's schemas lack a type of this release: nothing is moved.
    assert release(released) == 1
    assert f"{SAID} is gone" in capsys.readouterr().err
    assert json.loads(released.read_text()) == added

    released.unlink()
    assert release(released) == 0
    assert "porting.port_approved.v1" in json.loads(released.read_text())


def test_what_is_there_breaks_nothing_that_was_released():
    event_types = snapshots.list_event_types()

    assert find_breaks_since(snapshots.RELEASED, event_types) == []
