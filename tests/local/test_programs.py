"""Programs beside the servers: ready when they say so, and heard when they die."""

import os
import sys

import pytest

from deploy.local.errors import StartError
from deploy.local.listen_ports import choose_listen_port
from deploy.local.programs import ListenPortTakenError, Program, Programs


def a_program(body, listen_port=None):
    listen_port = listen_port or choose_listen_port()
    return Program(
        name="porting",
        command=[sys.executable, "-c", body, str(listen_port)],
        env=os.environ,
        ready_url=f"http://127.0.0.1:{listen_port}/",
    )


SERVES = """
import sys
from http.server import SimpleHTTPRequestHandler, test
test(SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""


def test_a_program_is_ready_when_its_page_answers(guard, tmp_path):
    programs, said = Programs(guard, tmp_path), []

    programs.start([a_program(SERVES)], said.append)

    assert said[0].startswith("porting is ready after ")
    programs.check()


def test_a_program_that_ends_is_reported_with_its_last_words(guard, tmp_path):
    programs = Programs(guard, tmp_path)

    with pytest.raises(StartError, match=r"porting ended with code 1.*no broker answers"):
        programs.start([a_program("raise SystemExit('no broker answers')")], print)


def test_a_taken_listen_port_is_told_apart(guard, tmp_path):
    first, second = Programs(guard, tmp_path), Programs(guard, tmp_path)
    program = a_program(SERVES)
    first.start([program], print)
    quiet = a_program(
        "import socket, sys; socket.create_server(('127.0.0.1', int(sys.argv[1])))"
    )
    taken = Program(
        name="numbers",
        command=[*quiet.command[:-1], program.command[-1]],
        env=os.environ,
        ready_url=quiet.ready_url,
    )

    with pytest.raises(ListenPortTakenError):
        second.start([taken], print)


def test_a_program_that_dies_later_is_found(guard, tmp_path):
    programs = Programs(guard, tmp_path)
    programs.start([a_program(SERVES)], print)

    programs.get_process("porting").kill()
    programs.get_process("porting").wait()

    with pytest.raises(StartError, match="porting ended with code -9"):
        programs.check()
