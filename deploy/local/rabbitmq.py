"""A private RabbitMQ: own node, own epmd, own folder, a login nobody else has."""

import os
import secrets
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from deploy.local.binaries import MACHINE, find_rabbitmq
from deploy.local.errors import StartError
from deploy.local.guard import Guard
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.logs import read_last_lines

LOGIN = "portline"
TRIES = 3
START_SECONDS = 90
AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
CONNECTION_START = b"\x01"

CONFIG = """\
listeners.tcp.1 = {loopback}:{amqp}
management.tcp.ip = {loopback}
management.tcp.port = {management}
default_user = {login}
default_pass = {password}
log.console = false
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
"""

# An unpacked tree's own `erl` names the folder that it would have as a package.
ERL = """\
#!/bin/sh
export ROOTDIR={root} BINDIR={erts}/bin EMU=beam PROGNAME=erl
exec {erts}/bin/erlexec "$@"
"""


class LocalRabbitmq:
    def __init__(self, guard: Guard, folder: Path) -> None:
        programs = find_rabbitmq()
        if programs is None:
            raise StartError("RabbitMQ's programs are missing: run `make` with any target.")
        self._guard = guard
        self._folder = folder / "rabbitmq"
        self._log = folder / "rabbitmq.log"
        self._programs = programs
        self._erts = _find_erlang_runtime(programs.prefix)
        self._node = f"portline-{secrets.token_hex(4)}@localhost"
        self._password = secrets.token_hex(16)
        self._listen_ports = {"amqp": 0, "management": 0, "node": 0, "epmd": 0}
        self._epmd: subprocess.Popen[bytes] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def amqp_url(self) -> str:
        return f"amqp://{LOGIN}:{self._password}@{LOOPBACK}:{self._listen_ports['amqp']}/"

    @property
    def management_url(self) -> str:
        where = f"{LOOPBACK}:{self._listen_ports['management']}"
        return f"http://{LOGIN}:{self._password}@{where}"

    def begin(self) -> None:
        """Starts it; `finish` waits until it is ready, some seconds later."""
        self._make_folder()
        self._choose_listen_ports()
        self.start()

    def finish(self) -> None:
        for _ in range(TRIES):
            if self.wait_until_ready():
                return
            self.stop()
            self._choose_listen_ports()
            self.start()
        self._fail("found no free listen ports or did not start")

    def start(self) -> None:
        """Also again on the same data after a kill."""
        if self._epmd is None or self._epmd.poll() is not None:
            # RabbitMQ would start one that outlives it and listens for the whole network.
            listen_port = str(self._listen_ports["epmd"])
            self._epmd = self._run(
                [self._erts / "bin/epmd", "-address", LOOPBACK, "-port", listen_port]
            )
        # Debian's own /usr/sbin/rabbitmq-server refuses every user but its own.
        self.process = self._run([self._programs.folder / "rabbitmq-server"])

    def wait_until_ready(self) -> bool:
        """False where it ended instead."""
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None:
            if self._answers_amqp() and self._answers_management():
                return True
            if time.monotonic() > deadline:
                self._fail(f"was not ready after {START_SECONDS} s")
            time.sleep(0.05)
        return False

    def kill(self) -> None:
        """The node with all it started, at once; its data stays for `start`."""
        if self.process is not None:
            self._guard.stop(self.process)

    def stop(self) -> None:
        self.kill()
        if self._epmd is not None:
            self._guard.stop(self._epmd)

    def _make_folder(self) -> None:
        for name in ("home", "bin"):
            (self._folder / name).mkdir(parents=True)
        cookie = self._folder / "home/.erlang.cookie"
        cookie.touch(mode=0o600)
        cookie.write_text(secrets.token_hex(20))
        cookie.chmod(stat.S_IRUSR)
        plugins = "[rabbitmq_management,rabbitmq_consistent_hash_exchange]."
        (self._folder / "enabled_plugins").write_text(plugins)
        if self._programs.prefix != MACHINE:
            erl = self._folder / "bin/erl"
            erl.write_text(ERL.format(root=self._erts.parent, erts=self._erts))
            erl.chmod(0o755)

    def _choose_listen_ports(self) -> None:
        self._listen_ports = {name: choose_listen_port() for name in self._listen_ports}
        config = CONFIG.format(
            loopback=LOOPBACK, login=LOGIN, password=self._password, **self._listen_ports
        )
        (self._folder / "rabbitmq.conf").write_text(config)

    def _run(self, command: list[str | Path]) -> subprocess.Popen[bytes]:
        return self._guard.start(
            command, env=self._build_environment(), log=self._log, cwd=self._folder
        )

    def _build_environment(self) -> dict[str, str]:
        paths = [self._folder / "bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        if self._programs.prefix != MACHINE:
            paths += [self._programs.prefix / "usr/bin", self._programs.prefix / "bin"]
        return {
            "PATH": ":".join(map(str, paths)),
            "LANG": "C.UTF-8",
            "HOME": str(self._folder / "home"),
            **self._programs.library_path,
            "ERL_EPMD_PORT": str(self._listen_ports["epmd"]),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self._listen_ports["amqp"]),
            "RABBITMQ_DIST_PORT": str(self._listen_ports["node"]),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self._folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }

    def _answers_amqp(self) -> bool:
        """An open connection alone is too early: the broker must start to speak."""
        try:
            with socket.create_connection((LOOPBACK, self._listen_ports["amqp"]), 2) as broker:
                broker.sendall(AMQP_HEADER)
                return broker.recv(1) == CONNECTION_START
        except OSError:
            return False

    def _answers_management(self) -> bool:
        try:
            where = f"http://{LOOPBACK}:{self._listen_ports['management']}/api/overview"
            urllib.request.urlopen(where, timeout=2).close()
        except urllib.error.HTTPError as answer:
            answer.close()
            return answer.code == 401  # noqa: PLR2004  (it asks who we are)
        except OSError:
            return False
        return True

    def _fail(self, what: str) -> None:
        raise StartError(f"RabbitMQ {what}; its last lines: {read_last_lines(self._log)}")


def _find_erlang_runtime(prefix: Path) -> Path:
    runtime = next((prefix / "usr/lib/erlang").glob("erts-*"), None)
    if runtime is None:
        raise StartError(
            "RabbitMQ is there, but not Erlang in /usr/lib/erlang: install erlang."
        )
    return runtime
