"""`q2c conformance`: does an API, a caller or a webhook endpoint keep the promises that repetitions depend upon?"""

from __future__ import annotations

from pathlib import Path

import click

from contracts.conformance import client, lifecycle, webhooks
from contracts.conformance.profiles import PROFILES, profile
from contracts.conformance.suite import of_client, of_lifecycle, of_receiver, of_sender, of_server
from contracts.conformance.target import Unusable, read_target
from contracts.findings import Place, Suite, exit_status
from contracts.verification import runner
from contracts.verification.assembly import run_name
from contracts.verification.page import rules
from q2c.showing import format_option, progress, show
from q2c.trouble import give_up

_target = click.argument("target", type=click.Path(path_type=Path))
_profile = click.option(
    "--profile", "profile_name", type=click.Choice(sorted(PROFILES)), default="ietf-07", show_default=True,
    help="Whose promises.",
)  # fmt: skip
_only = click.option("--only", multiple=True, metavar="ID", help="Try these promises only, e.g. --only I11.")
_url = click.option("--url", default="", help="The address, instead of the one in TARGET.")


@click.group()
def conformance() -> None:
    """Try the promises that make repetitions safe: of an API, of who calls one, of webhooks.

    \b
    q2c conformance server orders.yaml --profile ietf-07
    q2c conformance client checkout.yaml --profile stripe-v1
    q2c conformance webhooks hooks.yaml
    q2c conformance lifecycle api.yaml

    TARGET is a YAML file that says what to try; docs/how-to/test-idempotency.md shows one of each.
    Exit status: 0 kept, 1 broken, 2 bad input, 4 nothing was tried, 5 nobody answers.
    """


@conformance.command("server")
@_target
@_profile
@_url
@_only
@format_option
def server_command(target: Path, profile_name: str, url: str, only: tuple[str, ...], chosen: str) -> None:
    """Try an API that takes idempotency keys (or external ids) for its writes."""
    try:
        suite = of_server(read_target(target, url), profile(profile_name), run_name(), Place(str(target), 1), only)
    except (Unusable, KeyError) as refusal:
        give_up(str(refusal.args[0]))
    _examine(suite, chosen, target)


@conformance.command("client")
@_target
@_profile
@_only
@format_option
def client_command(target: Path, profile_name: str, only: tuple[str, ...], chosen: str) -> None:
    """Try a caller: it is made to act while its peer fails in every way that peers do."""
    try:
        described = client.read_client_target(target)
        suite = of_client(described, profile(profile_name), run_name(), Place(str(target), 1), only)
    except (Unusable, KeyError) as refusal:
        give_up(str(refusal.args[0]))
    _examine(suite, chosen, target)


@conformance.command("webhooks")
@_target
@_url
@click.option("--sender", "is_sender", is_flag=True, help="TARGET sends webhooks; by default it receives them.")
@_only
@format_option
def webhooks_command(target: Path, url: str, is_sender: bool, only: tuple[str, ...], chosen: str) -> None:
    """Try a receiver of webhooks, or a sender."""
    place = Place(str(target), 1)
    try:
        if is_sender:
            suite: Suite = of_sender(webhooks.read_sender_target(target), run_name(), place, only)
        else:
            suite = of_receiver(webhooks.read_receiver_target(target, url), run_name(), place, only)
    except (Unusable, KeyError) as refusal:
        give_up(str(refusal.args[0]))
    _examine(suite, chosen, target)


@conformance.command("lifecycle")
@_target
@_url
@_only
@format_option
def lifecycle_command(target: Path, url: str, only: tuple[str, ...], chosen: str) -> None:
    """Try what an API says of operations that are going, and of its limits."""
    try:
        described, old = lifecycle.read_lifecycle_target(target, url)
        suite = of_lifecycle(described, old, Place(str(target), 1), only)
    except (Unusable, KeyError) as refusal:
        give_up(str(refusal.args[0]))
    _examine(suite, chosen, target)


def _examine(suite: Suite, chosen: str, target: Path) -> None:
    with progress() as told:
        tallies = runner.run([suite], told)
    show(tallies, chosen, rules(), str(target))
    raise SystemExit(exit_status(tallies))
