"""A private PostgreSQL: own data folder, own listen port, a password nobody else has."""

import os
import pwd
import secrets
import signal
import subprocess
import time
from pathlib import Path

from deploy.local.binaries import Programs, find_postgres
from deploy.local.errors import StartError
from deploy.local.guard import Guard
from deploy.local.listen_ports import LOOPBACK, choose_listen_port
from deploy.local.logs import read_last_lines

SUPERUSER = "postgres"
TRIES = 5
START_SECONDS = 60
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class LocalPostgres:
    def __init__(self, guard: Guard, folder: Path, *, durable: bool) -> None:
        programs = find_postgres()
        if programs is None:
            raise StartError("PostgreSQL's programs are missing: run `make` with any target.")
        self._guard = guard
        self._programs: Programs = programs
        self._folder = folder / "postgres"
        self._log = folder / "postgres.log"
        self._settings = {} if durable else FORGETFUL
        self._password = secrets.token_hex(16)
        self._prefix, self._owner = _choose_user()
        self._listen_port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}:{self._password}@{LOOPBACK}:{self._listen_port}/postgres"

    def create(self) -> None:
        self._make_cluster()
        for _ in range(TRIES):
            self._listen_port = choose_listen_port()
            if self.start():
                return
        self._fail("found no free listen port or did not start")

    def start(self) -> bool:
        """Also again on the same data after a kill; False where it ended at once."""
        self._pid_file.unlink(missing_ok=True)
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self._listen_port),
            "unix_socket_directories": "",  # their paths may be at most 107 bytes long
            "max_connections": "200",
            "jit": "off",
            **self._settings,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        self.process = self._run("postgres", "-D", self._folder, *options)
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None:
            if self._is_ready():
                return True
            if time.monotonic() > deadline:
                self._fail(f"was not ready after {START_SECONDS} s")
            time.sleep(0.01)
        return False

    def stop(self) -> None:
        if self.process is not None:
            self._guard.stop(self.process)

    def _make_cluster(self) -> None:
        self._folder.mkdir(mode=0o700)
        secret = self._folder.with_name("postgres.password")
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        if self._owner is not None:
            os.chown(self._folder, *self._owner)
            os.chown(secret, *self._owner)
        process = self._run(
            "initdb", "-D", self._folder, "-U", SUPERUSER, "--pwfile", secret, "-A", "password",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        )  # fmt: skip
        if process.wait() != 0:
            self._fail("could not make its data folder")
        secret.unlink()

    def _run(self, program: str, *options: str | Path) -> subprocess.Popen[bytes]:
        return self._guard.start(
            [*self._prefix, self._programs.folder / program, *options],
            env={"PATH": os.defpath, "LANG": "C.UTF-8", **self._programs.library_path},
            log=self._log,
            cwd=self._folder.parent,
            # At once, but without leaving its shared memory behind.
            last_signal=signal.SIGQUIT if program == "postgres" else signal.SIGKILL,
        )

    @property
    def _pid_file(self) -> Path:
        return self._folder / "postmaster.pid"

    def _is_ready(self) -> bool:
        """The eighth line of this file is the server's state, as pg_ctl reads it."""
        try:
            lines = self._pid_file.read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004

    def _fail(self, what: str) -> None:
        raise StartError(f"PostgreSQL {what}; its last lines: {read_last_lines(self._log)}")


def _choose_user() -> tuple[list[str], tuple[int, int] | None]:
    """PostgreSQL refuses to run as root: the words that change the user, and its ids.

    The checkout may lie below /root, which others may not enter: the one right to pass
    folders' modes is kept. Without no_setuid_fixup, access(2), by which PostgreSQL looks for
    its programs, would not count it.
    """
    if os.geteuid() != 0:
        return [], None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names.get("nobody")
    if user is None:
        raise StartError(
            "PostgreSQL refuses root and there is no user nobody: use another user."
        )
    change = [
        "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
        "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override",
        "--securebits=+no_setuid_fixup", "--",
    ]  # fmt: skip
    return change, (user.pw_uid, user.pw_gid)
