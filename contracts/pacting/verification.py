"""A provider against pact files, with the guards that Pact lacks.

Pact passes when a name is wrong, a folder empty or a filter matches nothing; it hides why a state handler failed, and
mixes what is pending into what fails. Here the interactions verified are counted against those in the files, the cause
of a failed state stands in its finding, and what is pending is told apart.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from contracts.compatibility.documents import Unusable
from contracts.compatibility.pacts import Pact, read_pact
from contracts.pacting.state_service import Handler, StateService, serving_states
from contracts.pacting.worker import Job, Results

WORKER_SECONDS = 600
CONNECT_SECONDS = 10
_PORTS = {"http": 80, "https": 443}
_UNSENT = "error sending request"
_UNSET = "state change"
"""What the native library says when nobody answers, and when a state could not be set up."""


class CouldNotRun(Exception):
    """The verifier could not do its work; the message says why."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """One interaction after the provider was asked: what held or not. `mismatches` are sentences."""

    consumer: str
    provider: str
    description: str
    states: tuple[str, ...] = ()
    held: bool
    pending: bool = False
    mismatches: tuple[str, ...] = ()
    cause: str = ""
    file: str = ""
    pointer: str = ""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Who is verified: its name in the pacts, its address, and what it needs: headers, and states.

    States are set up by `handlers` here, or by a service of the provider's own at `states_url`.
    """

    name: str
    url: str
    headers: Mapping[str, str] = {}
    states_url: str = ""
    timeout_seconds: int = 30


def verify(provider: Provider, files: Sequence[Path], handlers: Mapping[str, Handler] | None = None) -> list[Verified]:
    """Verify a provider against pact files; raise Unusable for pacts that are not its own, CouldNotRun otherwise."""
    pacts = [_own(path, provider.name) for path in files]
    if not pacts:
        raise Unusable(f"no pact of {provider.name} is given; nothing would be verified.")
    for address in filter(None, (provider.url, provider.states_url)):
        _require_listener(provider.name, address)
    job = job_of(provider, files)
    if provider.states_url or handlers is None:
        return judged(pacts, run(job))
    with serving_states(handlers) as service:
        return judged(pacts, run(msgspec.structs.replace(job, states_url=service.address)), service)


def _require_listener(name: str, address: str) -> None:
    """Raise CouldNotRun where nobody listens: Pact says the same of a state that failed, which is a broken contract."""
    try:
        parts = urlsplit(address)
        place = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
    except (ValueError, KeyError):
        raise Unusable(f"{name} has the address {address!r}; expected one such as http://127.0.0.1:8080.") from None
    try:
        socket.create_connection(place, CONNECT_SECONDS).close()
    except OSError as error:
        raise CouldNotRun(
            f"{name} does not answer at {address}: {error}. Is it running, and the address right?"
        ) from None


ENVIRONMENT = "env:"


def with_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with their secrets: a value `env:NAME` stands in that variable, so that no file holds it."""
    found = {}
    for header, value in headers.items():
        name = value.removeprefix(ENVIRONMENT) if value.startswith(ENVIRONMENT) else ""
        if name and name not in os.environ:
            raise Unusable(f"the environment has no variable {name}, which the header {header} is read from.")
        found[header] = os.environ[name] if name else value
    return found


def job_of(provider: Provider, files: Sequence[Path], states_url: str = "") -> Job:
    """Return the job that holds a provider against pact files."""
    return Job(
        provider=provider.name, url=provider.url, files=tuple(str(path.resolve()) for path in files),
        states_url=states_url or provider.states_url, headers=_as_spelled(provider.headers, files),
        timeout_seconds=provider.timeout_seconds,
    )  # fmt: skip


def _as_spelled(headers: Mapping[str, str], files: Sequence[Path]) -> dict[str, str]:
    """Return headers by their names as the pacts write them: under another spelling the verifier sends both values."""
    if not headers:
        return {}
    listed = [each for path in files for each in read_pact(path).document.tree.get("interactions", [])]
    asked = [each.get("request") or {} for each in listed]
    spelled = {name for request in asked for name in request.get("headers") or {}}
    found = {name: headers[wanted] for wanted in headers for name in spelled if name.lower() == wanted.lower()}
    known = {name.lower() for name in found}
    return {**found, **{name: value for name, value in headers.items() if name.lower() not in known}}


Produced = Mapping[str, tuple[str, str, dict[str, str]]]
"""The messages that a provider produces now, by description: the body, its media type, its metadata."""


def message_job(pact: Pact, path: Path, produced: Produced) -> Job:
    """Return the job that holds the messages of a pact against those that its provider really produces.

    States are not set up: the messages were made in them already.
    """
    return Job(provider=pact.provider, files=(str(path.resolve()),), messages=dict(produced))


def _own(path: Path, provider: str) -> Pact:
    pact = read_pact(path)
    if pact.provider != provider:
        raise Unusable(
            f"{path}: is a pact of {pact.consumer} with {pact.provider}, not with {provider}; Pact would verify "
            "nothing of it and say that all is well. Name the provider as the pact does."
        )
    return pact


def run(job: Job) -> Results:
    """Run Pact's verifier in a process of its own; what it prints stays there."""
    return run_all([job])[0]


def run_all(jobs: Sequence[Job]) -> list[Results]:
    """Run several jobs, one after another, in one process."""
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder, "jobs.json"), Path(folder, "results.json")
        asked.write_bytes(msgspec.json.encode(list(jobs)))
        command = [sys.executable, "-m", "contracts.pacting.worker", str(asked), str(told)]
        environment = {**os.environ, **environment_of(jobs, Path(folder))}
        try:
            done = subprocess.run(
                command, env=environment, cwd=folder, capture_output=True, timeout=WORKER_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise CouldNotRun(f"the verifier was not done after {WORKER_SECONDS} seconds") from None
        if not told.exists():
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise CouldNotRun(f"the verifier of Pact ended with {done.returncode}: {said[0]}")
        return msgspec.json.decode(told.read_bytes(), type=list[Results])


def environment_of(jobs: Sequence[Job], folder: Path) -> dict[str, str]:
    """Return what the verifier's process needs to know.

    The native library reads all certificates of the machine anew for each client it makes, one for each request: half
    of its time. Where nobody speaks TLS one certificate does (with none at all it refuses to begin).
    """
    found = {"PACT_DO_NOT_TRACK": "true", "PYTHONPATH": str(Path(__file__).parents[2])}
    addresses = [address for job in jobs for address in (job.url, job.states_url, job.broker.url if job.broker else "")]
    if any(address.startswith("https:") for address in addresses):
        return found
    one = folder / "one.pem"
    one.write_text(_first_certificate(), encoding="ascii")
    return {**found, "SSL_CERT_FILE": str(one), "SSL_CERT_DIR": str(folder / "none")}


def _first_certificate() -> str:
    import certifi

    text, end = certifi.contents(), "-----END CERTIFICATE-----"
    return text[text.index("-----BEGIN CERTIFICATE-----") : text.index(end) + len(end)] + "\n"


def judged(pacts: Sequence[Pact], told: Results, service: StateService | None = None) -> list[Verified]:
    """Return what became of every interaction of the pacts; one that the verifier left out did not hold."""
    errors = [*told.results.get("errors", ()), *told.results.get("pendingErrors", ())]
    rows = list(told.results.get("interactionResults", ()))
    found: list[Verified] = []
    for pact in pacts:
        for index, interaction in enumerate(pact.document.tree["interactions"]):
            row = _row_of(rows, pact, interaction)
            found.append(_verified(pact, index, interaction, row, service))
    if not rows and told.error and not errors:
        raise CouldNotRun(f"the verifier of Pact verified nothing: {told.error}")
    _require_answers(found)
    return found


def _require_answers(found: Sequence[Verified]) -> None:
    """Raise CouldNotRun when a provider answered nothing at all: one that is down breaks no contract."""
    unsent = [each.mismatches[0] for each in found if each.mismatches and _UNSENT in each.mismatches[0]]
    if found and len(unsent) == len(found):
        raise CouldNotRun(f"{found[0].provider} does not answer: {unsent[0]}. Is it running, and the address right?")


def _row_of(rows: list[dict[str, Any]], pact: Pact, interaction: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take the result of an interaction out of the rows: by its names and its states."""
    states = sorted(str(each.get("name", "")) for each in interaction.get("providerStates", ()))
    for row in rows:
        names = (row.get("consumer"), row.get("provider"), row.get("description"))
        if names == (pact.consumer, pact.provider, interaction.get("description")) and states == _states(row):
            rows.remove(row)
            return row
    return None


def _states(row: Mapping[str, Any]) -> list[str]:
    return sorted(
        str(each.get("name", each) if isinstance(each, Mapping) else each) for each in row.get("providerStates", ())
    )


def _verified(
    pact: Pact, index: int, interaction: Mapping[str, Any], row: Mapping[str, Any] | None,
    service: StateService | None,
) -> Verified:  # fmt: skip
    states = tuple(str(each.get("name", "")) for each in interaction.get("providerStates", ()))
    causes = [service.causes[state] for state in states if service and state in service.causes]
    held = row is not None and _is_ok(row.get("result"))
    mismatches = () if held else _sentences((row or {}).get("mismatch") or {})
    if not causes and any(_UNSET in sentence for sentence in mismatches):
        causes = [f"the state could not be set up: {mismatches[0]}"]
    cause = causes[0] if causes else "" if row is not None else "the verifier of Pact did not verify it"
    return Verified(
        consumer=pact.consumer, provider=pact.provider, description=str(interaction.get("description", "")),
        states=states, held=held, pending=bool(interaction.get("pending")), mismatches=mismatches, cause=cause,
        file=pact.document.name, pointer=f"/interactions/{index}",
    )  # fmt: skip


def _is_ok(result: Any) -> bool:
    return result is True or str(result).lower() in ("ok", "true", "success", "passed")


def _sentences(mismatch: Any) -> tuple[str, ...]:
    """Return what Pact found, one sentence each, with the place in the message."""
    if not isinstance(mismatch, Mapping):
        return (str(mismatch),) if mismatch else ()
    listed = mismatch.get("mismatches")
    if isinstance(listed, list) and listed:
        return tuple(_sentence(each) for each in listed)
    said = mismatch.get("message") or mismatch.get("error") or ""
    return (str(said),) if said else ()


def _sentence(each: Mapping[str, Any]) -> str:
    where = each.get("path") or each.get("key") or each.get("parameter") or each.get("type", "")
    said = each.get("mismatch") or f"expected {each.get('expected')!r}, got {each.get('actual')!r}"
    return f"{where}: {said}" if where else str(said)
