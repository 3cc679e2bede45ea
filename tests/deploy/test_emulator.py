"""The carrier emulator as a process, and what its page and the demonstration say of it."""

import os
import re
import subprocess
import sys
import time

import httpx
import pytest

from deploy.emulator import signatures
from deploy.emulator.characters import CHARACTERS
from deploy.local.carrier_journey import BECOMES, WANTS_A_PIN
from deploy.local.listen_ports import choose_listen_port
from deploy.local.places import ROOT
from services.porting.integrations.carriers.signatures import Signatures

SECRET = "s" * 64
COMMAND = [sys.executable, "-m", "deploy.emulator", "--callback-url", "http://127.0.0.1:1/"]


@pytest.fixture
def url():
    listen_port = choose_listen_port()
    process = subprocess.Popen(
        [*COMMAND, "--listen-port", str(listen_port)],
        cwd=ROOT,
        env={**os.environ, "CARRIER_SECRET": SECRET},
    )
    address = f"http://127.0.0.1:{listen_port}"
    for _ in range(200):
        try:
            httpx.get(f"{address}/healthz").raise_for_status()
            break
        except httpx.TransportError:
            time.sleep(0.05)
    yield address
    process.terminate()
    assert process.wait(10) in {0, -15}


def test_it_takes_an_order_once_for_each_key_and_only_from_who_signs(url):
    body = b'{"order": "pr_1", "version": 1, "numbers": ["+12125550100"], "pin": null}'
    key = {"idempotency-key": "pr_1:1"}
    signed = {**key, **signatures.sign(SECRET, "pr_1:1", body)}
    shown = signatures.sign(SECRET, "look", b"")

    unsigned = httpx.put(f"{url}/orders/pr_1", content=body, headers=key)
    first, again = [
        httpx.put(f"{url}/orders/pr_1", content=body, headers=signed) for _ in range(2)
    ]

    assert unsigned.status_code == 401
    assert first.json() == again.json() == {"lastModified": "change-1"}
    assert httpx.get(f"{url}/orders/pr_1").status_code == 401
    assert httpx.get(f"{url}/orders/pr_1", headers=shown).json()["isOver"] is False
    assert httpx.get(f"{url}/orders/pr_2", headers=shown).status_code == 404


def test_without_its_secret_it_says_so_and_does_not_start():
    run = subprocess.run(
        [*COMMAND, "--listen-port", "1"],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if name != "CARRIER_SECRET"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert run.stderr.startswith("CARRIER_SECRET: ")


def test_a_character_that_nobody_knows_is_refused_before_anything_starts():
    run = subprocess.run(
        [sys.executable, "-m", "deploy.local.demo"],
        cwd=ROOT,
        env={**os.environ, "CARRIER": "loud"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"CARRIER: choose one of {', '.join(CHARACTERS)}.\n"


def test_both_sides_sign_alike_though_they_share_no_code():
    ours = Signatures(SECRET)
    body = b'{"id": "m-1"}'

    assert ours.is_good(signatures.sign(SECRET, "m-1", body), body)
    assert signatures.is_signed(SECRET, ours.headers_for("m-1", body), body)
    assert not signatures.is_signed("x" * 64, ours.headers_for("m-1", body), body)


def test_every_character_is_on_its_page_and_in_the_demonstration():
    page = (ROOT / "deploy/emulator/README.md").read_text()

    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(CHARACTERS)
    assert list(BECOMES) == list(CHARACTERS)
    assert set(CHARACTERS) >= WANTS_A_PIN
    assert len(page.splitlines()) <= 40
