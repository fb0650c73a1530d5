"""Advice: the version number that a set of changes deserves (Semantic Versioning 2.0.0), and whether it has it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from contracts.compatibility.documents import Document
from contracts.compatibility.schemas import Change
from contracts.findings import Finding

Step = Literal["major", "minor", "patch", "none"]
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?$")


def step_of(changes: Iterable[Change]) -> Step:
    """Return the step that changes deserve: what breaks is major, what can be noticed minor."""
    severities = {change.severity for change in changes}
    if "error" in severities:
        return "major"
    return "minor" if severities else "none"


def next_version(version: str, step: Step) -> str:
    """Return the next version; below 1.0.0 the minor number takes the part of the major one."""
    found = _VERSION.match(version)
    if found is None or step == "none":
        return version
    major, minor, patch = (int(part or 0) for part in found.groups())
    if step == "major" and major:
        return f"{major + 1}.0.0"
    if step == "major" or (step == "minor" and major):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def version_finding(old: Document, new: Document, changes: list[Change]) -> Finding | None:
    """Return a finding when the new document's version says less than its changes do."""
    before, after = _version(old), _version(new)
    wanted = next_version(before, step_of(changes))
    if _number(after) >= _number(wanted) or not _VERSION.match(before):
        return None
    went = f"is still {before}" if after == before else f"went from {before} to {after or 'none'}"
    message = (
        f"the version {went}, but the changes deserve {wanted}: callers read the "
        f"number to know whether they must look. Set info.version to {wanted}, or take the breaking changes back."
    )
    return Finding(
        rule="version.too-small", severity="error", message=message, subject=new.name,
        place=new.place("/info/version"),
    )  # fmt: skip


def _version(document: Document) -> str:
    info = document.tree.get("info")
    return str(info.get("version", "")) if isinstance(info, dict) else ""


def _number(version: str) -> tuple[int, ...]:
    found = _VERSION.match(version)
    return tuple(int(part or 0) for part in found.groups()) if found else ()
