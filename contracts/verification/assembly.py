"""Assembly: the suites that a configuration asks for, each made of values only."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from contracts.compatibility.suite import BiDirectional, Compatibility
from contracts.conformance import client, lifecycle, webhooks
from contracts.conformance.profiles import profile
from contracts.conformance.suite import of_client, of_lifecycle, of_receiver, of_sender, of_server
from contracts.conformance.target import Unusable as TargetUnusable
from contracts.conformance.target import read_target
from contracts.findings import Place, Suite
from contracts.fuzzing.configured import Fuzz, suites_of
from contracts.governance.configured import Governed, suite_of
from contracts.pacting.lint import Lint
from contracts.pacting.suite import PactsOfMocks, PactsOfProvider
from contracts.pacting.verification import Provider
from contracts.responses.suite import reference
from contracts.responses.target import OverHttp, read_response_target
from contracts.verification.configuration import (
    Ages,
    Answers,
    Comparison,
    Configuration,
    Hooks,
    Pacts,
    Promises,
    Providers,
    Unusable,
)
from contracts.verification.subjects import Upon, Words

GIT = "git:"
RELEASED = "@released"
ENVIRONMENT = "env:"


class Planned(msgspec.Struct, frozen=True):
    """One suite of a configuration: the table that it comes from, the files it names, and whether it computes long."""

    kind: str
    suite: Suite
    files: tuple[str, ...] = ()
    is_heavy: bool = False


class _Yard(msgspec.Struct, frozen=True):
    """Where a verification works: the root of the project, and a folder for what it lays down."""

    root: Path
    scratch: Path


def planned(configuration: Configuration, root: Path, scratch: Path) -> list[Planned]:
    """Return the suites, in the order of the configuration; raise Unusable for what cannot be found.

    Paths are relative to `root`; documents of git revisions are laid down in `scratch`.
    """
    yard, found = _Yard(root, scratch), list[Planned]()
    for kind, made in _KINDS.items():
        for each in getattr(configuration, kind):
            try:
                suites = made(each, yard)
            except TargetUnusable as refusal:  # it names the file
                raise Unusable(str(refusal)) from None
            except (ValueError, KeyError) as refusal:
                named = ", ".join(_files_of(each)) or "its table"
                raise Unusable(f"[[verify.{kind}]] of {named}: {refusal.args[0]}") from None
            heavy = _is_heavy(kind, each)
            found.extend(Planned(kind, suite, _files_of(each), heavy) for suite in suites)
    return found


def _is_heavy(kind: str, each: Any) -> bool:
    """Tell whether a suite of a table computes for long, rather than waiting for others."""
    if kind in ("responses", "fuzz"):
        return True
    return any(getattr(each, name, None) for name in ("mocks", "subject", "rehearse"))


def _files_of(each: Any) -> tuple[str, ...]:
    named = (getattr(each, name, "") for name in ("new", "pacts", "document", "target"))
    return tuple(name for name in named if name)


def _compatibility(comparison: Comparison, yard: _Yard) -> list[Suite]:
    pacts = matching(yard.root, comparison.pacts) if comparison.pacts else []
    news = _documents(comparison.new, yard.root)
    olds = [(_old(comparison.old, new, yard), new) for new in news]
    pairs = [(old, new) for old, new in olds if old is not None]
    return [Compatibility(pairs, pacts, datetime.now(UTC).date(), [new for old, new in olds if old is None])]


def _documents(pattern: str, root: Path) -> list[Path]:
    """Return the documents of a name or a pattern; a name need not exist, which is said when it is read."""
    if not set(pattern) & set("*?["):
        return [root / pattern]
    found = sorted(root.glob(pattern))
    if not found:
        raise Unusable(f"{pattern}: no such document; nothing would be compared.")
    return found


def _pacts(each: Pacts, yard: _Yard) -> list[Suite]:
    document = yard.root / each.document
    return [BiDirectional([(path, document) for path in matching(yard.root, each.pacts)])]


def matching(root: Path, pattern: str) -> list[Path]:
    """Return the files of a folder, a name or a pattern; raise Unusable when there is none."""
    folder = root / pattern
    found = sorted(folder.glob("*.json")) if folder.is_dir() else sorted(root.glob(pattern))
    if not found:
        raise Unusable(f"{pattern}: no such pact; nothing would be verified.")
    return found


def _providers(each: Providers, yard: _Yard) -> list[Suite]:
    files = matching(yard.root, each.pacts)
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


def _old(name: str, new: Path, yard: _Yard) -> Path | None:
    """Return the path of a document as it was; of a git revision it is laid down first, None when it was not there.

    `git:REVISION` alone means the same path as now; the revision `@released` is the last tag `v...`, or what is
    committed as long as there is none.
    """
    if not name.startswith(GIT):
        return yard.root / name
    revision, _, path = name.removeprefix(GIT).partition(":")
    if not revision or revision.startswith("-"):
        raise Unusable(f"{name}: expected git:REVISION or git:REVISION:PATH, as in git:main:openapi.json.")
    if revision == RELEASED:
        revision = (
            _git(yard.root, "describe", "--tags", "--match", "v*", "--abbrev=0").stdout.decode().strip() or "HEAD"
        )
    path = path or new.relative_to(yard.root).as_posix()
    known = _git(yard.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if known.returncode:
        raise Unusable(f"{name}: git knows no revision {revision!r} here. {_unknown_revision(yard.root)}")
    shown = _git(yard.root, "show", f"{revision}:./{path}")
    if shown.returncode:
        return None
    laid = yard.scratch / (f"{GIT}{revision}:{path}" if ".." not in Path(path).parts else Path(path).name)
    laid.parent.mkdir(parents=True, exist_ok=True)
    laid.write_bytes(shown.stdout)
    return laid


def unchanged(configuration: Configuration, root: Path) -> list[str]:
    """Return the documents that are compared with themselves: as they are in the commit checked out, which is `old`."""
    head = _git(root, "rev-parse", "HEAD").stdout
    found = []
    for each in configuration.compatibility:
        revision, _, path = each.old.removeprefix(GIT).partition(":")
        if each.old.startswith(GIT) and not path and revision[:1] not in ("", "-", "@"):
            then = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").stdout
            if then and then == head and not _git(root, "diff", "--quiet", "HEAD", "--", each.new).returncode:
                found.append(each.new)
    return found


def _unknown_revision(root: Path) -> str:
    if _git(root, "rev-parse", "--git-dir").returncode:
        return "This folder is in no git repository: name a file as `old`, or begin with `git init` and a commit."
    if _git(root, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        return "Nothing is committed yet: commit what is published, then change it."
    return "In CI the checkout needs it (fetch-depth: 0); `git branch -a` shows what there is."


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except OSError as error:
        raise Unusable(f"git cannot be started: {error.strerror}; a document of a revision needs it.") from None


def run_name() -> str:
    """Return a word that no other run uses: keys of yesterday's run must not answer today's."""
    return secrets.token_hex(4)


def _of(subject: str, made: Callable[[Words | None], Suite]) -> list[Suite]:
    """Return a suite; one of a subject is made anew when the subject is there, and says its words."""
    return [Upon(subject, made)] if subject else [made(None)]


def _server(each: Promises, yard: _Yard) -> list[Suite]:
    chosen, path = profile(each.profile), yard.root / each.target

    def made(words: Words | None) -> Suite:
        return of_server(read_target(path, each.url, words), chosen, run_name(), Place(each.target, 1), each.only)

    return _of(each.subject, made)


def _client(each: Promises, yard: _Yard) -> list[Suite]:
    chosen, path = profile(each.profile), yard.root / each.target

    def made(words: Words | None) -> Suite:
        target = client.read_client_target(path, words)
        return of_client(target, chosen, run_name(), Place(each.target, 1), each.only)

    return _of(each.subject, made)


def _webhooks(each: Hooks, yard: _Yard) -> list[Suite]:
    place, path = Place(each.target, 1), yard.root / each.target

    def made(words: Words | None) -> Suite:
        if each.sender:
            return of_sender(webhooks.read_sender_target(path, words), run_name(), place, each.only)
        return of_receiver(webhooks.read_receiver_target(path, each.url, words), run_name(), place, each.only)

    return _of(each.subject, made)


def _lifecycle(each: Ages, yard: _Yard) -> list[Suite]:
    def made(words: Words | None) -> Suite:
        target, old = lifecycle.read_lifecycle_target(yard.root / each.target, each.url, words)
        return of_lifecycle(target, old, Place(each.target, 1), each.only)

    return _of(each.subject, made)


def _governance(each: Governed, yard: _Yard) -> list[Suite]:
    return [suite_of(each, yard.root, lambda name, now: _old(name, now, yard))]


def _responses(each: Answers, yard: _Yard) -> list[Suite]:
    if each.target:
        target = read_response_target(yard.root / each.target, each.url)
        return [OverHttp(target, run_name(), Place(each.target, 1))]
    if each.consumer == "rehearsal":
        from contracts.responses.rehearsed import Rehearsed

        return [Rehearsed()]
    if each.consumer != "reference":
        raise Unusable('[[verify.responses]] names a target, consumer = "reference" or consumer = "rehearsal".')
    return [reference(each.only, each.random_cases, each.seed)]


def _fuzz(each: Fuzz, yard: _Yard) -> list[Suite]:
    return suites_of(each, yard.root)


_KINDS: Mapping[str, Callable[[Any, _Yard], list[Suite]]] = MappingProxyType({
    "compatibility": _compatibility, "pacts": _pacts, "providers": _providers, "server": _server, "client": _client,
    "webhooks": _webhooks, "lifecycle": _lifecycle, "governance": _governance,
    "responses": _responses, "fuzz": _fuzz,
})  # fmt: skip
"""The tables of a configuration, each with what makes its suites."""
