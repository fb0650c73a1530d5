"""Assembly: the suites that a configuration asks for, each made of values only."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from pathlib import Path

from contracts.compatibility.suite import BiDirectional, Compatibility
from contracts.conformance import client, webhooks
from contracts.conformance.profiles import profile
from contracts.conformance.suite import of_client, of_receiver, of_sender, of_server
from contracts.conformance.target import Unusable as TargetUnusable
from contracts.conformance.target import read_target, with_environment
from contracts.findings import Place, Suite
from contracts.fuzzing.settings import DEFAULT_CHECKS, PHASES, PhaseName, Settings
from contracts.fuzzing.suite import at
from contracts.pacting.lint import Lint
from contracts.pacting.suite import PactsOfMocks, PactsOfProvider
from contracts.pacting.verification import Provider
from contracts.responses.suite import reference
from contracts.responses.target import OverHttp, read_response_target
from contracts.verification.configuration import (
    Answers,
    Comparison,
    Configuration,
    Fuzz,
    Hooks,
    Promises,
    Providers,
    Unusable,
)

GIT = "git:"
ENVIRONMENT = "env:"


def suites(configuration: Configuration, root: Path, scratch: Path) -> list[Suite]:
    """Return the suites, in the order of the configuration; raise Unusable for what cannot be found.

    Paths are relative to `root`; documents of git revisions are laid down in `scratch`.
    """
    found: list[Suite] = []
    for comparison in configuration.compatibility:
        found.append(_compatibility(comparison, root, scratch))
    for each in configuration.pacts:
        document = root / each.document
        found.append(BiDirectional([(path, document) for path in matching(root, each.pacts)]))
    for providers in configuration.providers:
        found.extend(_providers(providers, root))
    try:
        found.extend(_server(each, root) for each in configuration.server)
        found.extend(_client(each, root) for each in configuration.client)
        found.extend(_webhooks(each, root) for each in configuration.webhooks)
        found.extend(_responses(each, root) for each in configuration.responses)
        found.extend(_fuzz(each, root) for each in configuration.fuzz)
    except (TargetUnusable, ValueError, KeyError) as refusal:
        raise Unusable(str(refusal.args[0])) from None
    return found


def _compatibility(comparison: Comparison, root: Path, scratch: Path) -> Suite:
    pacts = matching(root, comparison.pacts) if comparison.pacts else []
    return Compatibility([(_document(comparison.old, root, scratch), root / comparison.new)], pacts)


def matching(root: Path, pattern: str) -> list[Path]:
    """Return the files of a folder, a name or a pattern; raise Unusable when there is none."""
    folder = root / pattern
    found = sorted(folder.glob("*.json")) if folder.is_dir() else sorted(root.glob(pattern))
    if not found:
        raise Unusable(f"{pattern}: no such pact; nothing would be verified.")
    return found


def _providers(each: Providers, root: Path) -> list[Suite]:
    files = matching(root, each.pacts)
    found: list[Suite] = [Lint(files)] if each.lint else []
    if each.mocks == bool(each.url):
        raise Unusable(f"[[verify.providers]] of {each.pacts}: say either `mocks = true`, or `name` and `url`.")
    if each.mocks:
        return [*found, PactsOfMocks(files, (each.name,) if each.name else ())]
    if not each.name:
        raise Unusable(f"[[verify.providers]] of {each.pacts}: `name` is the provider's name in the pacts.")
    headers = {name: _from_environment(value) for name, value in each.headers.items()}
    provider = Provider(
        name=each.name, url=each.url, states_url=each.states, headers=headers, timeout_seconds=each.timeout_seconds
    )  # fmt: skip
    return [*found, PactsOfProvider(provider, files)]


def _from_environment(value: str) -> str:
    """Return a header's value; one that begins with `env:` stands in that variable, so that no file holds a secret."""
    if not value.startswith(ENVIRONMENT):
        return value
    name = value.removeprefix(ENVIRONMENT)
    if name not in os.environ:
        raise Unusable(f"the environment has no variable {name}, which a header of [[verify.providers]] is read from.")
    return os.environ[name]


def _document(name: str, root: Path, scratch: Path) -> Path:
    """Return the path of a document; one of a git revision is written to a file first."""
    if not name.startswith(GIT):
        return root / name
    revision, _, path = name.removeprefix(GIT).partition(":")
    if not revision or not path or revision.startswith("-"):
        raise Unusable(f"{name}: expected git:REVISION:PATH, as in git:main:openapi.json.")
    shown = subprocess.run(["git", "show", f"{revision}:./{path}"], cwd=root, capture_output=True, check=False)
    if shown.returncode:
        said = shown.stderr.decode("utf-8", "replace").strip()
        raise Unusable(f"{name}: git says: {said}. In CI the checkout needs that revision (fetch-depth: 0).")
    folder = Path(tempfile.mkdtemp(dir=scratch))
    laid = folder / Path(path).name
    laid.write_bytes(shown.stdout)
    return laid


def run_name() -> str:
    """Return a word that no other run uses: keys of yesterday's run must not answer today's."""
    return secrets.token_hex(4)


def _server(each: Promises, root: Path) -> Suite:
    target = read_target(root / each.target, each.url)
    return of_server(target, profile(each.profile), run_name(), Place(each.target, 1), each.only)


def _client(each: Promises, root: Path) -> Suite:
    target = client.read_client_target(root / each.target)
    return of_client(target, profile(each.profile), run_name(), Place(each.target, 1), each.only)


def _webhooks(each: Hooks, root: Path) -> Suite:
    place = Place(each.target, 1)
    if each.sender:
        return of_sender(webhooks.read_sender_target(root / each.target), run_name(), place, each.only)
    return of_receiver(webhooks.read_receiver_target(root / each.target, each.url), run_name(), place, each.only)


def _responses(each: Answers, root: Path) -> Suite:
    if each.target:
        target = read_response_target(root / each.target, each.url)
        return OverHttp(target, run_name(), Place(each.target, 1))
    if each.consumer != "reference":
        raise Unusable('[[verify.responses]] names a target, or consumer = "reference".')
    return reference(each.only, each.random_cases, each.seed)


def _fuzz(each: Fuzz, root: Path) -> Suite:
    document = root / each.document
    headers = with_environment(dict(each.headers), document)
    chosen = Settings(
        headers=headers, key_header=each.key_header, max_examples=each.max_examples, seed=each.seed,
        seconds=each.seconds, phases=_phases(each), checks=each.checks or DEFAULT_CHECKS,
        expected_statuses=each.expected_statuses, only=each.only,
    )  # fmt: skip
    if each.mock:
        from contracts.fuzzing import mocks

        return mocks.fuzzing(each.mock, document, chosen, each.document)
    if not each.url:
        raise Unusable(f"[[verify.fuzz]] of {each.document} names neither url nor mock.")
    return at(document, each.url, chosen, each.document)


def _phases(each: Fuzz) -> tuple[PhaseName, ...]:
    unknown = [name for name in each.phases if name not in PHASES]
    if unknown:
        raise Unusable(f"[[verify.fuzz]] of {each.document}: unknown phases {unknown}; known are {', '.join(PHASES)}.")
    return tuple(name for name in PHASES if name in (each.phases or PHASES))
