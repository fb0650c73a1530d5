"""`q2c mocks`: the systems of record as servers that real clients can be pointed at."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from q2c import exits, mocks_running
from q2c.commands.env import env
from q2c.mocks_running import WORKSPACE, Mocks
from q2c.numbers import SEED, Whole
from q2c.seeding import company
from q2c.switches import parsed
from q2c.trouble import give_up

SYSTEMS = ("crm", "erp", "billing", "tax", "payment", "fulfilment")
PORTS: Mapping[str, int] = {
    "admin": 9100,
    **{system: 9101 + index for index, system in enumerate(SYSTEMS)},
    "proxy": 9080,
    "tls": 9443,
    **{f"{system}_tls": 9201 + index for index, system in enumerate(SYSTEMS)},
}
"""Where each door is unless somebody says otherwise."""
_SYSTEM_HELP = "as JSON or text, e.g. --switch payment.authentication=verify"
_workspace = click.option(
    "--workspace", type=click.Path(path_type=Path), default=WORKSPACE, show_default=True,
    help="Folder for the certificate authority and the addresses.",
)  # fmt: skip


@click.group()
def mocks() -> None:
    """Run the systems of record as servers: Salesforce, NetSuite, Chargebee, AvaTax and Stripe dialects, one world.

    \b
    q2c mocks up                  all services, until Ctrl-C
    eval "$(q2c env)"             point this shell's SDKs at them
    q2c mocks seed quarter_end    a company with products, customers and subscriptions
    """


mocks.add_command(env)


@mocks.command()
@_workspace
@click.option("--port", "ports", multiple=True, metavar="DOOR=PORT", help="Port of a door; 0 takes any that is free.")
@click.option("--ephemeral", is_flag=True, help="Any free port for every door that --port does not name.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where services listen; admin stays local.")
@click.option("--admin-host", default="127.0.0.1", show_default=True, help="Where the admin API and page listen.")
@click.option(
    "--admin-token", envvar="Q2C_ADMIN_TOKEN", default="", help="Who may use them; made up when they are not local."
)
@click.option("--seed", type=SEED, default=1, show_default=True, help="Chance.")
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="Keep the world in this file (SQLite).")
@click.option("--turbo", is_flag=True, help="Our own transport for the plain ports: twice as fast.")
@click.option("--no-tls", is_flag=True, help="Plain HTTP only: no certificate authority, no TLS ports, no proxy.")
@click.option("--webhooks", default="", metavar="URL", help="Who gets messages, e.g. http://127.0.0.1:9000.")
@click.option("--allow-target", "allowed", multiple=True, metavar="HOST", help="Call this host too, not only loopback.")
@click.option(
    "--switch", "switches", multiple=True, metavar="SYSTEM.NAME=VALUE", help=f"A vendor's quirk, {_SYSTEM_HELP}."
)
@click.option(
    "--reference", is_flag=True, help="Set billing up as `q2c integration` asks for: invoices wait for taxes."
)
@click.option("--drift", "drifts", multiple=True, metavar="NAME", help="A change to rehearse: q2c mocks drifts.")
@click.option("--unlimited", is_flag=True, help="No rate limits and no daily quotas.")
@click.option("--freeze", is_flag=True, help="Stop the clock of the world.")
@click.option("--speed", type=float, help="World seconds in a second of the wall.")
@click.option("--json", "as_json", is_flag=True, help="The addresses as one line of JSON on standard output.")
def up(**said: Any) -> None:
    """Start all services and serve them until Ctrl-C or SIGTERM.

    \b
    Examples:
      q2c mocks up
      q2c mocks up --ephemeral --json
      q2c mocks up --state world.db --webhooks http://127.0.0.1:9000 --port payment=9105
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        import uvloop

        from mocks.doors.state import FileState
    except ImportError as missing:
        give_up(f"{missing.name} is not installed; the mocks need: pip install 'q2c-harness[mocks]'")
    try:
        state = FileState(said["state"]) if said["state"] else None
    except (sqlite3.Error, OSError) as error:
        give_up(f"cannot keep the world in {said['state']}: {error}. Do other mocks use it?")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_up(said, state))


async def _up(said: Mapping[str, Any], state: Any) -> None:
    from mocks.admin.api import application
    from mocks.doors.authority import open_authority
    from mocks.doors.garbage import settled_collector
    from mocks.doors.serving import addresses, open_sockets, serve

    world, workspace, ports = _world(said, state), said["workspace"], _ports(said)
    mocks_running.prepare(workspace)
    authority = None if said["no_tls"] else open_authority(workspace)
    try:
        sockets = open_sockets(
            ports, secure=authority is not None, admin=True, host=said["host"], admin_host=said["admin_host"]
        )
    except OSError as error:
        give_up(f"{error.strerror}. Name another one (--port payment=9999) or take any that is free (--ephemeral).")
    found = addresses(sockets)
    token = _token(said["admin_host"], said["admin_token"])
    bundle = str(authority.bundle.resolve()) if authority else ""
    running = Mocks(pid=os.getpid(), addresses=found, ca_bundle=bundle, admin_token=token)
    admin = application(world, found, token=token, seeds=company)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def ready() -> None:
        mocks_running.write(workspace, running)
        _tell(running, said["as_json"])

    try:
        with settled_collector():
            await serve(world, sockets, stop, ready, authority=authority, turbo=said["turbo"], admin=admin)
    finally:
        mocks_running.forget(workspace, running.pid)


def _token(host: str, token: str) -> str:
    """Return the token of the admin side: what was said, or one made up when it is not for this machine only."""
    from mocks.doors.post import is_loopback

    return token or ("" if is_loopback(host) else secrets.token_urlsafe(24))


def _world(said: Mapping[str, Any], state: Any) -> Any:
    from mocks.admin.observer import Observer
    from mocks.doors.live import Divergence, LiveWorld
    from mocks.doors.post import Targets
    from mocks.doors.settings import UNLIMITED, opened, quirks_of

    try:
        quirks = quirks_of(opened(parsed(said["switches"]), reference=said["reference"]), unlimited=said["unlimited"])
        world = LiveWorld(
            said["seed"], quirks=quirks, limits=UNLIMITED if said["unlimited"] else None, state=state,
            targets=Targets(intake=said["webhooks"], allowed=tuple(said["allowed"])), drifts=said["drifts"],
            listeners=(Observer(),),
        )  # fmt: skip
        if said["speed"] is not None:
            world.run(said["speed"])
    except (ValueError, Divergence) as wrong:
        give_up(str(wrong))
    if said["freeze"]:
        world.freeze()
    return world


def _ports(said: Mapping[str, Any]) -> dict[str, int]:
    ports = dict.fromkeys(PORTS, 0) if said["ephemeral"] else dict(PORTS)
    for text in said["ports"]:
        door, _, port = text.partition("=")
        if door not in PORTS or not port.isdecimal() or int(port) > 65_535:
            give_up(f"--port {text}: expected DOOR=PORT with a door of: {', '.join(PORTS)}")
        ports[door] = int(port)
    return ports


def _tell(running: Mocks, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(running).decode())
        return
    found = running.addresses
    for system in SYSTEMS:
        click.echo(f"{system:12}{found[system]:28}{found.get(f'{system}_tls', '')}".rstrip())
    if "proxy" in found:
        click.echo(f'{"proxy":12}{found["proxy"]:28}for clients that take no address: eval "$(q2c env)"')
        click.echo(f"{'by name':12}{found['tls']:28}TLS for every vendor's host name (hosts file)")
    click.echo(f"{'admin':12}{found['admin']:28}a page for people, an API for tests")
    if running.admin_token:
        click.echo(f"{'':12}{'':28}token: {running.admin_token}")
    click.echo("ready; Ctrl-C ends it")


@mocks.command()
@_workspace
@click.option("--seed", type=SEED, help="Other chance than before.")
def reset(workspace: Path, seed: int | None) -> None:
    """Empty the running world: it is as it was when it started, under the same settings."""
    mocks_running.ask(workspace, "POST", "/reset", {"seed": seed})
    click.echo("the world is empty again")


@mocks.command()
@_workspace
@click.argument("scenario", default="quarter_end")
@click.option("--subscriptions", type=Whole(0, 100_000), default=5, show_default=True, help="Live ones.")
def seed(workspace: Path, scenario: str, subscriptions: int) -> None:
    """Fill the running world with the company of SCENARIO: products, entities, periods, rates, live subscriptions.

    \b
    Examples:
      q2c mocks seed
      q2c mocks seed my_quarter.yaml --subscriptions 500
    """
    mocks_running.find(workspace)
    try:
        found = company(scenario, subscriptions)
    except ValueError as wrong:
        give_up(str(wrong))
    acts = [{"system": act.system, "action": act.action, "arguments": act.arguments, "txn": act.txn} for act in found]
    mocks_running.ask(workspace, "POST", "/acts", raw=msgspec.json.encode(acts))
    click.echo(f"{len(acts)} acts of {scenario}: a company with {subscriptions} live subscriptions")


@mocks.command()
@_workspace
@click.option("--on", "names", multiple=True, metavar="NAME", help="Put it on in the running mocks, and no other.")
@click.option("--off", is_flag=True, help="Take all off in the running mocks.")
def drifts(workspace: Path, names: tuple[str, ...], off: bool) -> None:
    """List what vendors release and administrators change, or put some of it on in the running mocks.

    \b
    Examples:
      q2c mocks drifts
      q2c mocks drifts --on stripe-basil-clover --on salesforce-required-field
    """
    from mocks.drift import DRIFTS

    if names or off:
        mocks_running.ask(workspace, "PUT", "/drifts", list(names))
        click.echo(f"on: {', '.join(names)}" if names else "no drift is on")
        return
    for row in DRIFTS.values():
        click.echo(f"{row.name:32}{row.summary}")


@mocks.command()
@_workspace
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def snapshot(workspace: Path, file: Path) -> None:
    """Write the whole running world to FILE: all that happened to it, one JSON line each.

    The file holds requests as they came, with their credentials: use test keys, as everywhere with mocks.
    """
    content = mocks_running.ask(workspace, "GET", "/snapshot")
    try:
        file.write_bytes(content)
    except OSError as error:
        give_up(f"cannot write {file}: {error.strerror}", exits.USAGE)
    click.echo(f"{content.count(10)} lines in {file}")


@mocks.command()
@_workspace
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def restore(workspace: Path, file: Path) -> None:
    """Make the running world what it was when FILE was written."""
    try:
        content = file.read_bytes()
    except OSError as error:
        give_up(f"cannot read {file}: {error.strerror}")
    mocks_running.ask(workspace, "POST", "/restore", raw=content)
    click.echo(f"the world is what it was in {file}")
