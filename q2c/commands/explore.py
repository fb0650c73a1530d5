"""`q2c explore`: a page with sliders for the parameters of a scenario, and the answer redrawn at once."""

from __future__ import annotations

import socket
from typing import Any, cast

import click

from q2c.commands.asking import chosen, playable
from q2c.experiments.running import Means
from q2c.explorer.explorer import LOOK, Explorer
from q2c.explorer.knobs import knobs
from q2c.numbers import SEED, Whole
from q2c.trouble import give_up
from scenarios.problems import ScenarioError
from simulator.experiments.playing import Engine

PORT = 9190
_LOOPBACK = "127.0.0.1"
_REPLICATIONS_MAX = 200


@click.command()
@click.argument("scenario", default="quarter_end")
@click.option("--with", "settings", multiple=True, metavar="PATH=VALUE", help="Start with a parameter set so.")
@click.option(
    "--with-slider",
    "sliders",
    multiple=True,
    metavar="PATH=FROM..TO",
    help="A slider for another parameter: 5..20, 1h..12h:1h, 0%..10%:1%, or values A,B,C.",
)
@click.option("--seed", type=SEED, help="Chance; the scenario's own seed by default.")
@click.option(
    "--replications",
    type=Whole(LOOK, _REPLICATIONS_MAX),
    default=16,
    show_default=True,
    help="Quarters of each answer; a first look takes fewer.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "kernel", "simpy"]),
    default="auto",
    show_default=True,
    help="Who plays; auto takes the compiled kernel where it is installed.",
)
@click.option("--workers", type=Whole(1), help="How many compute at once; all processors by default.")
@click.option("--port", type=Whole(0, 65_535), default=PORT, show_default=True, help="0 takes any free one.")
def explore(
    scenario: str, settings: tuple[str, ...], sliders: tuple[str, ...], seed: int | None, replications: int,
    engine: str, workers: int | None, port: int,
) -> None:  # fmt: skip
    """Serve a page, for this machine only, on which sliders move SCENARIO and the answer is redrawn at once.

    Every setting is played on the same seeds and compared, pair by pair, with where you started.

    \b
    Examples:
      q2c explore
      q2c explore billing_outage_last_day --with-slider crm.timeout=10s..60s:10s
    """
    from q2c.explorer.server import application

    start = chosen(scenario, settings)
    playable(start, scenario, settings)
    try:
        offered = knobs(start, sliders)
        explorer = Explorer(
            scenario, start, offered, given=settings, seed=seed, replications=replications,
            means=Means(engine=cast(Engine, engine), workers=workers),
        )  # fmt: skip
    except (ValueError, ScenarioError) as why:
        give_up(str(why))
    serve(application(explorer), listening(port))


def listening(port: int) -> socket.socket:
    """Return a socket on this machine's own address; Trouble says who may have the port."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((_LOOPBACK, port))
    except OSError as error:
        found.close()
        give_up(f"cannot listen on port {port}: {error.strerror}. Name another one, or take any free one: --port 0")
    return found


def serve(application: Any, listener: socket.socket) -> None:
    """Say where the page is, and serve it until Ctrl-C."""
    import uvicorn

    click.echo(f"http://{_LOOPBACK}:{listener.getsockname()[1]}/")
    click.echo("ready; Ctrl-C ends it")
    config = uvicorn.Config(application, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listener])
