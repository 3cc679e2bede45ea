"""The AsyncAPI documents are valid by the official parser, and so is each example in them."""

import copy
import json
import subprocess
from pathlib import Path

import pytest

from deploy.events.asyncapi import build_document
from deploy.events.event_types import OWNERS, list_event_types
from deploy.local.places import ROOT, find_node_package

FOLDER = ROOT / "docs" / "events"
VALIDATE = Path(__file__).with_name("validate_asyncapi.mjs")


def validate(*documents: Path) -> list[str]:
    node = find_node_package()
    assert node is not None
    run = subprocess.run(
        [node / "bin/node", VALIDATE, *documents], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.splitlines()


@pytest.fixture
def small():
    """Two events are enough to be wrong about."""
    two = ("numbers.number_released.v1", "numbers.number_changed.v1")
    return build_document("numbers", [e for e in list_event_types() if e.name in two])


@pytest.fixture
def broken(small, tmp_path):
    del small["channels"]["numbers.number_released.v1"]["messages"]
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(small))
    return file


@pytest.fixture
def wrong(small, tmp_path):
    """Valid AsyncAPI, with an example that is not what the schema says."""
    wrong = copy.deepcopy(small)
    example = wrong["components"]["messages"]["numbers.number_changed.v1"]["examples"][0]
    del example["payload"]["data"]["details"]["source"]
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(wrong))
    return file


def test_every_document_is_valid_and_a_wrong_one_is_not(wrong, broken):
    documents = [FOLDER / f"{owner}.asyncapi.json" for owner in OWNERS]
    counts = [len(json.loads(each.read_text())["channels"]) for each in documents]

    told = validate(*documents, broken, wrong)

    judged = [
        f"{each}: {n} messages judged" for each, n in zip(documents, counts, strict=True)
    ]
    assert told[: len(judged)] == judged
    faults = "\n".join(told[len(judged) :])
    assert f"{broken}: operations.send.numbers.number_released.v1" in faults
    assert f"{wrong}: numbers.number_changed.v1: " in faults
    assert "must have required property 'source'" in faults


def test_every_event_has_a_channel_with_its_exchange_and_key():
    event_types = list_event_types()
    for owner in OWNERS:
        document = build_document(owner, event_types)
        own = [each for each in event_types if each.owner == owner]

        assert list(document["channels"]) == [each.name for each in own]
        for each in own:
            binding = document["channels"][each.name]["bindings"]["amqp"]
            assert binding["exchange"]["name"] == each.exchange
            assert document["channels"][each.name]["address"] == each.name


def test_the_parser_is_no_part_of_the_running_gateway():
    package = json.loads((ROOT / "gateway/package.json").read_text())

    assert "@asyncapi/parser" in package["devDependencies"]
    assert "npm ci --omit=dev" in (ROOT / "deploy/gateway.Dockerfile").read_text()
