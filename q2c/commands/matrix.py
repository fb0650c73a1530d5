"""`q2c contracts can-i-deploy` and what it needs: versions published, deployments and verifications recorded."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from contracts.matrix.answer import Answer, can_i_deploy
from contracts.matrix.store import Store, Unusable, Verification
from q2c import exits
from q2c.numbers import Whole
from q2c.trouble import give_up

F = TypeVar("F", bound=Callable[..., Any])
_WORDS = {"yes": "yes", "no": "NO", "unknown": "not known"}


def _stored(command: F) -> F:
    option = click.option(
        "--store", "folder", type=click.Path(path_type=Path), default=Path("contracts"), show_default=True,
        help="The folder of the store; it belongs into git.",
    )  # fmt: skip
    return option(command)


@click.command("can-i-deploy")
@click.argument("participant")
@click.argument("version")
@click.option("--to-environment", "environment", required=True, help="Where it is to be deployed.")
@click.option("--format", "chosen", type=click.Choice(("text", "json")), default="text", show_default=True)
@_stored
def can_i_deploy_command(participant: str, version: str, environment: str, chosen: str, folder: Path) -> None:
    """Answer whether a version fits what is deployed in an environment.

    \b
    q2c contracts can-i-deploy billing-sync 1.4.0 --to-environment production

    What nobody has verified counts as no. What failed as pending is told apart, and is not deployable either.

    Exit status: 0 it may, 1 it may not (or nobody knows), 2 bad input.
    """
    try:
        answer = can_i_deploy(Store(folder), participant, version, environment)
    except Unusable as refusal:
        give_up(str(refusal))
    click.echo(_json(answer) if chosen == "json" else _text(answer))
    raise SystemExit(exits.HOLDS if answer.word == "yes" else exits.BROKEN)


def _json(answer: Answer) -> str:
    rows = [{**msgspec.to_builtins(row), "reason": row.reason} for row in answer.rows]
    document = {
        "schema_version": 1, "participant": answer.participant, "version": answer.version,
        "environment": answer.environment, "deployable": answer.word == "yes", "answer": answer.word,
        "reason": answer.reason, "rows": rows,
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()


def _text(answer: Answer) -> str:
    head = ("consumer", "version", "provider", "version", "verified", "")
    rows = [
        (
            row.consumer,
            row.consumer_version,
            row.provider,
            row.provider_version or "-",
            _WORDS[row.verified],
            _note(row),
        )
        for row in answer.rows
    ]
    widths = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *rows)
    ]
    may = "Yes" if answer.word == "yes" else "No"
    said = f"{may}: {answer.participant} {answer.version} to {answer.environment}. {answer.reason}"
    return "\n".join([*(lines if rows else ()), said])


def _note(row: Any) -> str:
    notes = [f"{len(row.pending_failed)} pending fail"] if row.pending_failed else []
    return ", ".join([*notes, *(["work in progress"] if row.wip else [])])


@click.command("publish")
@click.argument("pacts", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--version", required=True, help="The version of the consumer that has these pacts.")
@click.option("--branch", default="", help="The branch it is on.")
@_stored
def publish_command(pacts: tuple[Path, ...], version: str, branch: str, folder: Path) -> None:
    """Note in the store that a version of a consumer has these pacts."""
    store = Store(folder)
    try:
        for path in _files(pacts):
            try:
                pact = msgspec.json.decode(path.read_bytes())
            except (OSError, msgspec.MsgspecError) as trouble:
                raise Unusable(f"{path}: {trouble}") from None
            content = store.publish(pact, version, branch)
            click.echo(f"{content.consumer} {version} with {content.provider}: {content.sha[:12]}")
    except Unusable as refusal:
        give_up(str(refusal))


def _files(pacts: tuple[Path, ...]) -> list[Path]:
    """Return the files that are named, and all those of folders; raise Unusable for a folder without any."""
    found = []
    for path in pacts:
        listed = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not listed:
            raise Unusable(f"{path} holds no pact (*.json)")
        found += listed
    return found


@click.command("record-deployment")
@click.argument("participant")
@click.argument("version")
@click.option("--environment", required=True)
@click.option("--alongside", is_flag=True, help="Older versions stay (a rolling deployment).")
@_stored
def record_deployment_command(participant: str, version: str, environment: str, alongside: bool, folder: Path) -> None:
    """Note that a version is deployed in an environment."""
    try:
        Store(folder).deploy(participant, version, environment, alongside=alongside)
    except Unusable as refusal:
        give_up(str(refusal))
    click.echo(f"{participant} {version} is in {environment}.")


@click.command("record-verification")
@click.argument("provider")
@click.argument("version")
@click.option("--url", default="", help="The provider's address; without one the mocks of that name are verified.")
@click.option("--states", default="", help="The address that sets up states.")
@click.option("--header", "headers", multiple=True, help="NAME=VALUE to send; NAME=env:VARIABLE for a secret.")
@click.option("--branch", default="main", show_default=True)
@_stored
def record_verification_command(
    provider: str, version: str, url: str, states: str, headers: tuple[str, ...], branch: str, folder: Path
) -> None:
    """Verify a provider against its pacts in the store, and note the result.

    It has to hold the pacts as they are now, and those of versions that are deployed or newest. What is on another
    branch than the main one is work in progress: it is tried and noted, and does not break.

    \b
    q2c contracts record-verification billing 7.1.0 --url https://sandbox.example.com --header X-Key=env:SANDBOX_KEY

    Exit status: 0 it holds them, 1 it does not, 2 bad input, 5 it could not be verified.
    """
    from contracts.compatibility.documents import Unusable as UnusablePact
    from contracts.pacting.keeping import recorded
    from contracts.pacting.verification import CouldNotRun, Provider, with_secrets

    try:
        said = with_secrets(_named(headers))
        asked = Provider(name=provider, url=url, states_url=states, headers=said)
        found = recorded(Store(folder), asked, version, branch)
    except (Unusable, UnusablePact) as refusal:
        give_up(str(refusal))
    except CouldNotRun as trouble:
        click.echo(str(trouble), err=True)
        raise SystemExit(exits.COULD_NOT_RUN) from None
    for each in found:
        click.echo(_verdict(each))
    raise SystemExit(exits.HOLDS if all(each.success for each in found if not each.wip) else exits.BROKEN)


def _named(headers: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for header in headers:
        name, sign, value = header.partition("=")
        if not name or not sign:
            give_up(f"--header {header!r}: expected NAME=VALUE, or NAME=env:VARIABLE for a secret.")
        found[name] = value
    return found


def _verdict(each: Verification) -> str:
    said = "holds" if each.success else f"breaks {', '.join(each.failed)}"
    pending = f"; pending and failing: {', '.join(each.pending_failed)}" if each.pending_failed else ""
    progress = " (work in progress)" if each.wip else ""
    count = f"{each.interactions} interactions of {each.consumer}"
    return f"{each.provider} {each.version} {said}: {count} {each.sha[:12]}{progress}{pending}"


@click.command("broker")
@click.option("--port", type=Whole(0, 65535), default=0, show_default=True, help="0 takes any that is free.")
@_stored
def broker_command(port: int, folder: Path) -> None:
    """Serve the store in the protocol of the Pact Broker, on loopback, until interrupted.

    \b
    q2c contracts broker --port 9292
    pact broker publish pacts/ --consumer-app-version 1.4.0 --broker-base-url http://127.0.0.1:9292
    """
    from contracts.matrix.broker import serving

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        with serving(Store(folder), port) as address:
            click.echo(f"{address} serves {os.fspath(folder)}; interrupt to end.")
            ended.wait()
    except OSError as trouble:
        give_up(f"port {port}: {trouble.strerror}")


COMMANDS = (
    can_i_deploy_command, publish_command, record_deployment_command, record_verification_command, broker_command
)  # fmt: skip
