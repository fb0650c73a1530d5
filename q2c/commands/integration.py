"""`q2c integration`: the reference integration as a running service."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import msgspec

from q2c import exits, mocks_running
from q2c.commands.prune import prune
from q2c.mocks_running import WORKSPACE
from q2c.numbers import Whole
from q2c.trouble import give_up

CONFIGURATION = Path("q2c.toml")
NEEDED = "the integration needs: pip install 'q2c-harness[integration]'"
KILL_AT = "Q2C_TEST_KILL_AT_WRITE"
"""For tests: the durable write at which the process dies as by kill -9."""
_options: list[Callable[[Any], Any]] = [
    click.option(
        "--config", type=click.Path(path_type=Path, dir_okay=False),
        help="File with a table [integration]; q2c.toml when there is one.",
    ),
    click.option("--database", help="A file (SQLite) or postgresql://USER@HOST/NAME; temporary without one."),
    click.option("--host", help="Where it listens.  [127.0.0.1]"),
    click.option("--port", type=Whole(0, 65_535), help="0 takes any that is free.  [9000; a worker: 0]"),
    click.option("--mocks", "with_mocks", is_flag=True, help="Integrate the mocks that run in the workspace."),
    click.option(
        "--workspace", type=click.Path(path_type=Path), default=WORKSPACE, show_default=True,
        help="Folder of the running mocks, for --mocks.",
    ),
    click.option(
        "--cdc", "channels", flag_value="/data/QuoteChangeEvent",
        help="Listen to the CRM's change data capture, too.",
    ),
    click.option("--name", help="Name of this worker, the same after a restart.  [host:port]"),
    click.option("--test-clock", is_flag=True, default=None, help="Let PUT /operations/clock move the clock."),
    click.option("--json", "as_json", is_flag=True, help="What runs where, as one line of JSON on standard output."),
]  # fmt: skip


def _with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_options):
        command = option(command)
    return command


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A running node, as it introduces itself."""

    pid: int
    address: str
    database: str
    webhooks: str
    systems: dict[str, str]
    open_flows: int
    workers: int = 1


@click.group()
def integration() -> None:
    """Run the reference integration: webhooks in, orders, invoices and payments out, and nothing lost on the way.

    \b
    q2c integration up --mocks              against the mocks that run here, on a temporary database
    q2c integration up --database q2c.db    against the systems of q2c.toml or Q2C_*_URL, in a file
    q2c integration worker --database postgresql://...    one more worker on a shared database
    q2c integration prune --dry-run         what has passed, and may be removed
    """


integration.add_command(prune)


@integration.command()
@_with_options
@click.option(
    "--workers", type=Whole(1, 64), default=1, show_default=True,
    help="Processes, this one included; more than one need PostgreSQL.",
)  # fmt: skip
def up(**said: Any) -> None:
    """Run the integration until Ctrl-C or SIGTERM; a second one ends it at once.

    Ending is graceful: it takes nothing in any more, lets the calls in flight end, and leaves everything else to the
    journal. The next start goes on where this one stopped.

    \b
    Endpoints:
      POST /webhooks/SYSTEM    what the systems tell; stored, then acknowledged
      GET  /health/live        the process answers
      GET  /health/ready       200, or 503 and the reasons why it should get no requests now

    \b
    Examples:
      q2c mocks up --webhooks http://127.0.0.1:9000 &
      q2c integration up --mocks
      q2c integration up --database postgresql://q2c@db/q2c --workers 4
    """
    _run(said, workers=said["workers"], is_worker=False)


@integration.command()
@_with_options
@click.option("--parent", type=int, hidden=True, help="End when this process has ended.")
def worker(**said: Any) -> None:
    """Run one more worker on a shared PostgreSQL database; it has health endpoints and no other door.

    \b
    Example:
      q2c integration worker --database postgresql://q2c@db/q2c
    """
    if said["port"] is None:
        said["port"] = 0
    _run(said, workers=1, is_worker=True)


def _run(said: Mapping[str, Any], *, workers: int, is_worker: bool) -> None:
    try:
        from integration.drivers.clock import BusinessClock  # noqa: F401
        from integration.service.configuration import Misconfigured
    except ImportError as missing:
        give_up(f"{missing.name} is not installed; {NEEDED}")
    try:
        configuration = _configuration(said)
        if (workers > 1 or is_worker) and not configuration.is_shared:
            give_up("several workers share a database: --database postgresql://USER@HOST/NAME")
        _set_up_logs(configuration)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            status = runner.run(_serve(configuration, said, workers, is_worker))
    except Misconfigured as wrong:
        give_up(str(wrong))
    except ModuleNotFoundError as missing:
        give_up(f"{missing.name} is not installed; {NEEDED}")
    if status:
        raise SystemExit(status)


def _configuration(said: Mapping[str, Any]) -> Any:
    from integration.service.configuration import configured, read_section

    file = said["config"] or (CONFIGURATION if CONFIGURATION.is_file() else None)
    mocks = mocks_running.find(said["workspace"]) if said["with_mocks"] else None
    addresses = mocks.addresses if mocks else None
    plain = {name: said[name] for name in ("database", "name", "host", "port", "test_clock")}
    plain["channels"] = (said["channels"],) if said["channels"] else None
    return configured(read_section(file), os.environ, addresses=addresses, **plain)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _set_up_logs(configuration: Any) -> None:
    """Log structured and redacted lines when structlog is installed, plain ones without the clients' chatter if not."""
    try:
        from integration.observability import logs
    except ImportError:
        logging.basicConfig(
            format="%(asctime)s %(levelname)s %(name)s %(message)s", level=configuration.log_level.upper()
        )
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
    else:
        logs.set_up(configuration)


async def _serve(configuration: Any, said: Mapping[str, Any], workers: int, is_worker: bool) -> int:
    """Serve one node, and keep the other workers running; return the exit status."""
    from integration.journal.trouble import Unavailable
    from integration.service.app import application, health, observed
    from integration.service.companions import companions
    from integration.service.node import Node
    from integration.service.server import address_of, listen, serve
    from integration.service.vendors import parts

    try:
        end = listen(configuration.host, configuration.port)
    except OSError as error:
        give_up(
            f"cannot listen at {configuration.host}:{configuration.port}: {error.strerror}. "
            "Name another port: --port 9001, or --port 0 for any that is free.",
            exits.COULD_NOT_RUN,
        )
    try:
        made = parts(configuration.peers)
        node = Node(_named(configuration, address_of(end)), made)
        _set_up_to_die(node, os.environ.get(KILL_AT, ""))
    except Unavailable as trouble:
        end.close()
        give_up(str(trouble), exits.COULD_NOT_RUN)
    stop = _stopping(said.get("parent"))
    app = observed(health(node) if is_worker else application(node, configuration), node)
    try:
        beside = [] if is_worker else companions(node, made)
    except ValueError as wrong:
        give_up(str(wrong))
    crew = asyncio.create_task(_crew(said, workers - 1, node.configuration.name))
    beside.append(lambda ending: _dismiss(crew, ending))

    def ready() -> None:
        _tell(_running(node, address_of(end), workers), said["as_json"])

    try:
        given_up, why = await serve(node, app, end, stop, ready, beside)
    except Unavailable as trouble:
        give_up(str(trouble), exits.COULD_NOT_RUN)
    finally:
        crew.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await crew
    if given_up:
        click.echo(f"{given_up} calls were still under way; the next start finds out what became of them", err=True)
    if why:
        click.echo(why, err=True)
    return exits.COULD_NOT_RUN if why else exits.HOLDS


def _stopping(parent: int | None) -> asyncio.Event:
    """Return the event that the first signal sets; the second one ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked() -> None:
        if stop.is_set():
            os._exit(exits.INTERRUPTED)  # the journal is made for this
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
    if parent:
        _watch(parent, stop, loop)
    return stop


def _watch(parent: int, stop: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    if os.getppid() != parent:
        stop.set()
    else:
        loop.call_later(1.0, _watch, parent, stop, loop)


def _named(configuration: Any, address: str) -> Any:
    """Return the configuration with a name: by host and port, which are the same after a restart."""
    name = configuration.name or f"{socket.gethostname()}:{address.rpartition(':')[2]}"
    return replace(configuration, name=name)


def _set_up_to_die(node: Any, at: str) -> None:
    """Plan the death that a test asks for: `7` is before the seventh durable write, `7+` after it."""
    from integration.journal.protocol import CrashPoint

    if at:
        node.journal.crash_points.add(CrashPoint(int(at.rstrip("+")), at.endswith("+")))


async def _crew(said: Mapping[str, Any], size: int, name: str) -> None:
    """Keep so many other workers running: one that ends is started again, ever more slowly."""
    await asyncio.gather(*[_worker(said, f"{name}/{number}") for number in range(1, size + 1)])


async def _dismiss(crew: asyncio.Future[None], ending: asyncio.Event) -> None:
    """Tell the other workers to end as soon as this one does: all have their grace at the same time."""
    await ending.wait()
    crew.cancel()


async def _worker(said: Mapping[str, Any], name: str) -> None:
    pause_seconds = 0.5
    command = [sys.executable, "-m", "q2c", "integration", "worker", "--parent", str(os.getpid()), "--name", name]
    command += _repeated(said)
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        pause_seconds = 0.5 if loop.time() - began > 60 else min(30.0, pause_seconds * 2)
        click.echo(f"a worker ended with status {status}; another one starts in {pause_seconds:g} s", err=True)
        await asyncio.sleep(pause_seconds)


def _repeated(said: Mapping[str, Any]) -> list[str]:
    """Return the options that a worker shares with whoever started it."""
    names = {"config": "--config", "database": "--database", "workspace": "--workspace"}
    found = [part for name, option in names.items() if said[name] for part in (option, str(said[name]))]
    return found + (["--mocks"] if said["with_mocks"] else [])


def _running(node: Any, address: str, workers: int) -> Running:
    configuration = node.configuration
    return Running(
        pid=os.getpid(), address=address, database=_shown(configuration.database), webhooks=f"{address}/webhooks",
        systems={name: peer.address for name, peer in configuration.peers.items()},
        open_flows=len(node.integration.open_flows()), workers=workers,
    )  # fmt: skip


def _shown(database: str) -> str:
    """Return a database's name without a password."""
    from urllib.parse import urlsplit

    if "://" not in database:
        return database or "temporary"
    parts = urlsplit(database)
    host = f"{parts.username}@{parts.hostname}" if parts.username else parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _tell(running: Running, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(running).decode())
        return
    for name, address in running.systems.items():
        click.echo(f"{name:12}{address}")
    click.echo(f"{'webhooks':12}{running.webhooks}/SYSTEM")
    click.echo(f"{'health':12}{running.address}/health/ready")
    click.echo(f"{'database':12}{running.database}; {running.open_flows} open flows were taken up")
    click.echo("ready; Ctrl-C ends it")
