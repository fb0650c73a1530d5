"""A warm start: `q2c` as a process that is forked from one in which the modules of our servers are loaded already.

    warm = Warm()
    process = warm.start(["mocks", "up", "--json"], folder, {"PATH": ...}, log)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.wait(10)

Live tests start more than a hundred servers, and each would spend two seconds of a processor on the same thousand
modules. Everything else is that of a process of its own: number, environment, folder, descriptors, signals, exit
status. That the plain commands come up is shown by tests/q2c/test_mocks.py and tests/integration/service/test_up.py.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
LOADED = (
    "q2c.cli", "q2c.commands.mocks", "mocks.admin.api", "mocks.doors.authority", "mocks.doors.serving",
    "mocks.doors.turbo", "q2c.commands.integration", "integration.service.app", "integration.service.vendors",
    "integration.service.server", "integration.service.companions", "integration.journal.postgres",
    "integration.observability.logs", "uvloop",
)  # fmt: skip
_MESSAGE_BYTES = 1 << 16


class Started:
    """A process that was started warm: what tests use of `subprocess.Popen`."""

    def __init__(self, pid: int, stdout: IO[str], status: int) -> None:
        self.pid, self.stdout, self._status = pid, stdout, status
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status; None while it runs."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self._ended()
        return self.returncode

    def wait(self, seconds: float) -> int:
        """Return the exit status, as soon as there is one."""
        if self.returncode is None:
            if not select.select([self._status], [], [], seconds)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", seconds)
            self._ended()
        assert self.returncode is not None
        return self.returncode

    def _ended(self) -> None:
        self.returncode = int(os.read(self._status, 16))
        os.close(self._status)

    def send_signal(self, number: int) -> None:
        """Send a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power failure does."""
        self.send_signal(signal.SIGKILL)


class Warm:
    """The process that has everything loaded, and forks when it is asked to."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.warm", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()])

    def start(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> Started:
        """Start `q2c` with these arguments; what it says on standard error is appended to the log."""
        said, stdout = os.pipe()
        status, ended = os.pipe()
        stderr = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        wanted = json.dumps([list(arguments), str(folder), dict(environment)]).encode()
        socket.send_fds(self._ours, [wanted], [stdout, stderr, ended])
        for end in (stdout, stderr, ended):
            os.close(end)
        return Started(int(self._ours.recv(16)), os.fdopen(said), status)

    def close(self) -> None:
        """End it; nothing can be started any more."""
        self._ours.close()
        self._process.wait(30)


@cache
def warm() -> Warm:
    """Return the one of this process."""
    return Warm()


# --- the process that forks -----------------------------------------------------------------------------------------


def forks(end: socket.socket) -> None:
    """Fork whenever somebody asks, and tell how each child ended; return in a child, which is `q2c` from then on."""
    awake, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, who end what they started
    children: dict[int, int] = {}
    while True:
        ready = select.select([end, awake], [], [])[0]
        if awake in ready:
            awake.recv(1024)
            _reap(children)
        if end in ready:
            wanted, descriptors, *_ = socket.recv_fds(end, _MESSAGE_BYTES, 3)
            if not wanted:
                sys.exit()  # the tests are over
            stdout, stderr, ended = descriptors
            if not (pid := os.fork()):
                arguments, folder, environment = json.loads(wanted)
                return _become(arguments, folder, environment, stdout, stderr)
            for each in (stdout, stderr):
                os.close(each)
            children[pid] = ended
            end.send(str(pid).encode())


def _reap(children: dict[int, int]) -> None:
    while children and (found := os.waitpid(-1, os.WNOHANG))[0]:
        pid, status = found
        ended = children.pop(pid)
        os.write(ended, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(ended)


def _become(arguments: list[str], folder: str, environment: dict[str, str], stdout: int, stderr: int) -> None:
    """Have the signals, descriptors, environment, folder and arguments of a process that was started for `q2c`."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv[:] = ["q2c", *arguments]


if __name__ == "__main__":
    for module in LOADED:
        import_module(module)
    gc.freeze()
    forks(socket.socket(fileno=int(sys.argv[1])))
    import_module("q2c.cli").main()
