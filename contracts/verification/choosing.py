"""Choosing: which suites of a configuration to run now: those with a name, or those whose files changed."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from contracts.verification.assembly import Planned
from contracts.verification.configuration import Configuration, Unusable

Numbered = tuple[int, Planned]
ALWAYS = frozenset({"compatibility", "pacts", "governance"})
"""Tables that only read documents: they cost little, and are run whatever has changed."""


def named(planned: Sequence[Numbered], names: Sequence[str]) -> list[Numbered]:
    """Return the suites of the tables that are named, or with a name in theirs; raise Unusable when one fits none."""
    found: dict[int, Planned] = {}
    for name in names:
        fitting = [(number, each) for number, each in planned if name == each.kind or name in each.suite.name]
        if not fitting:
            known = ", ".join(dict.fromkeys(each.kind for _, each in planned))
            raise Unusable(f"no suite is called {name!r}. Tables that have some: {known}; or say a part of a name.")
        found.update(fitting)
    return sorted(found.items()) if names else list(planned)


def changed(planned: Sequence[Numbered], configuration: Configuration, files: Sequence[str]) -> list[Numbered]:
    """Return the suites that changed files may touch.

    A table that runs something and says not what it watches is always run: nobody knows what it depends upon.
    """
    return [(number, each) for number, each in planned if _is_touched(each, configuration, files)]


def _is_touched(each: Planned, configuration: Configuration, files: Sequence[str]) -> bool:
    watched = configuration.watch.get(each.kind)
    if each.kind in ALWAYS or watched is None:
        return True
    patterns = [*watched, *(f"{name}*" for name in each.files)]
    return any(fnmatch(file, pattern) for file in files for pattern in patterns)


def changed_files(root: Path, base: str) -> list[str]:
    """Return the files that differ from where this branch left `base`, committed or not; raise Unusable."""
    if base.startswith("-"):
        raise Unusable(f"{base!r} is no revision; expected a branch, a tag or a commit.")
    left = _git(root, "merge-base", base, "HEAD").strip()
    found = _git(root, "diff", "--name-only", "--relative", left)
    new = _git(root, "ls-files", "--others", "--exclude-standard")
    return sorted({*found.splitlines(), *new.splitlines()})


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Unusable(f"git cannot be started: {error.strerror}. --changed needs it.") from None
    if done.returncode:
        raise Unusable(f"git {arguments[0]} says: {done.stderr.strip()}. In CI the checkout needs that revision.")
    return done.stdout
