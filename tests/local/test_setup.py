"""Set-up: twice does nothing, two at once take turns, a failure is one sentence."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

import pytest

from deploy.local.package_index import build_uv_environment, has_own_index
from deploy.local.places import ROOT


class Clone:
    """A fresh checkout, of which set-up needs no more than this."""

    def __init__(self, folder):
        self.folder = folder
        self.cache = folder / ".local/cache"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PORTLINE_IGNORE_SYSTEM_BINARIES": "1",
            "PORTLINE_SERVERS": "local",
        }
        shutil.copytree(ROOT / "deploy", folder / "deploy")
        shutil.copy(ROOT / "uv.lock", folder)
        self.cache.mkdir(parents=True)

    def has_python_packages(self):
        (self.folder / ".venv/bin").mkdir(parents=True)
        (self.folder / ".venv/bin/python").touch()
        lock = (self.folder / "uv.lock").read_bytes()
        (self.cache / "python.stamp").write_text(hashlib.sha256(lock).hexdigest())

    def has_servers(self):
        self.env |= {
            "PORTLINE_POSTGRES_URL": "postgresql://given",
            "PORTLINE_AMQP_URL": "amqp://given",
            "PORTLINE_RABBITMQ_MANAGEMENT_URL": "http://given",
        }

    def has_pip_without_index(self):
        self.env |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}
        wheels = self.cache / "debian/pip/usr/share/python-wheels/pip-0-py3-none-any.whl"
        (wheels / "pip").mkdir(parents=True)
        (wheels / "pip/__main__.py").write_text("raise SystemExit('ERROR: no index')")

    def start(self):
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.local.setup"],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def set_up(self):
        process = self.start()
        output, complaint = process.communicate(timeout=60)
        return process.returncode, output, complaint


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path)


def test_a_complete_setup_says_and_does_nothing(clone):
    clone.has_python_packages()
    clone.has_servers()

    assert clone.set_up() == (0, "", "")
    assert not (clone.cache / "setup.log").exists()


def test_a_lock_file_that_changed_starts_it_again(clone):
    clone.has_python_packages()
    clone.has_servers()
    with (clone.folder / "uv.lock").open("a") as lock:
        lock.write("# another version\n")
    clone.has_pip_without_index()

    code, output, _ = clone.set_up()

    assert code == 1
    assert output.startswith("setup: uv ")


def test_an_index_that_does_not_answer_gives_one_sentence(clone):
    clone.has_servers()
    clone.has_pip_without_index()

    code, _, complaint = clone.set_up()

    assert code == 1
    assert complaint.count("\n") == 1
    assert "check the network and pip's index" in complaint


def test_without_apt_and_servers_it_says_what_to_install(clone):
    clone.has_python_packages()
    clone.env["PATH"] = ""

    code, _, complaint = clone.set_up()

    assert code == 1
    assert complaint.count("\n") == 1
    assert "no apt-get" in complaint
    assert "install postgresql and rabbitmq-server" in complaint


def test_a_folder_that_cannot_be_written_gives_one_sentence(clone):
    clone.has_servers()
    shutil.rmtree(clone.cache)
    clone.cache.write_text("in the way")

    code, _, complaint = clone.set_up()

    assert code == 1
    assert complaint.count("\n") == 1
    assert "Traceback" not in complaint


def test_a_second_setup_waits_for_the_first(clone):
    clone.has_servers()
    with (clone.cache / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = clone.start()
        line = process.stdout.readline()
        clone.has_python_packages()

    assert "waiting" in line
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 0


def test_pips_index_is_said_in_uvs_words(monkeypatch):
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    listed = (
        "print(\"global.index-url='https://mirror.example/simple'\");"
        "print(\"global.extra-index-url='https://one.example https://two.example'\");"
        "print(\":env:.index-url='https://chosen.example/simple'\")"
    )

    env = build_uv_environment([sys.executable, "-c", listed])

    assert env["UV_DEFAULT_INDEX"] == "https://chosen.example/simple"
    assert env["UV_INDEX"] == "https://one.example https://two.example"
    assert has_own_index(env)


def test_uvs_own_settings_come_before_pips(monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")

    env = build_uv_environment([sys.executable, "-c", "print(\"global.index-url='x'\")"])

    assert env["UV_DEFAULT_INDEX"] == "https://uv.example/simple"


def test_make_alone_explains_every_target():
    explained = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    for target in ("demo", "up", "test", "check", "fix", "snapshots", "bench", "crash"):
        assert f"make {target} " in explained.stdout
