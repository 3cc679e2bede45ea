"""Which step of the ladder is taken."""

import socket
import threading

import pytest

from deploy.local.errors import StartError
from deploy.local.ladder import choose_source

NAMES = (
    "PORTLINE_POSTGRES_URL",
    "PORTLINE_AMQP_URL",
    "PORTLINE_RABBITMQ_MANAGEMENT_URL",
    "PORTLINE_SERVERS",
)


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch, tmp_path):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")


@pytest.fixture
def docker_engine(tmp_path):
    """Answers one ping."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "docker.sock"))
        listener.listen()

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nOK")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield
        thread.join(timeout=1)


def test_a_given_url_comes_before_everything(monkeypatch):
    monkeypatch.setenv("PORTLINE_POSTGRES_URL", "postgresql://postgres:x@127.0.0.1/postgres")
    monkeypatch.setenv("PORTLINE_SERVERS", "local")

    assert choose_source("postgres") == "given"
    assert choose_source("rabbitmq") == "local"


@pytest.mark.usefixtures("docker_engine")
def test_a_docker_engine_that_answers_comes_before_private_processes():
    assert choose_source("rabbitmq") == "docker"


def test_without_a_docker_engine_the_servers_are_private_processes():
    assert choose_source("rabbitmq") == "local"


def test_half_of_rabbitmqs_urls_is_refused(monkeypatch):
    monkeypatch.setenv("PORTLINE_AMQP_URL", "amqp://127.0.0.1/")

    with pytest.raises(StartError, match="together"):
        choose_source("rabbitmq")


@pytest.mark.parametrize("value", ["docker", "podman"])
def test_a_step_that_cannot_be_is_refused(monkeypatch, value):
    monkeypatch.setenv("PORTLINE_SERVERS", value)

    with pytest.raises(StartError, match="PORTLINE_SERVERS"):
        choose_source("postgres")
