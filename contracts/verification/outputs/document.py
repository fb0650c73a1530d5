"""The machine-readable result: one JSON document, versioned. Fields are added, never renamed, within a version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from contracts.findings import Finding, Tally, exit_status, worst
from contracts.verification.baseline import Sorted

SCHEMA_VERSION = 1


def document(found: Sorted, tool_version: str) -> dict[str, Any]:
    """Return the result as JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "q2c", "version": tool_version},
        "outcome": worst(tally.outcome for tally in found.tallies),
        "exit_status": exit_status(found.tallies),
        "suites": [_suite(tally) for tally in found.tallies],
        "accepted": [
            {**_finding(finding), "accepted": msgspec.to_builtins(entry)} for finding, entry in found.accepted
        ],
        "expired": [entry.fingerprint for _, entry in found.expired],
        "stale": [entry.fingerprint for entry in found.stale],
    }


def written(found: Sorted, tool_version: str) -> str:
    """Return the result as text, the same for the same result but for the seconds."""
    return msgspec.json.format(msgspec.json.encode(document(found, tool_version)), indent=1).decode() + "\n"


def seconds_of(path: Path) -> dict[str, float]:
    """Return how long each suite took in the run whose document this is; nothing when there is none to read."""
    try:
        suites = json.loads(path.read_text(encoding="utf-8"))["suites"]
        return {str(suite["suite"]): float(suite["seconds"]) for suite in suites}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _suite(tally: Tally) -> dict[str, Any]:
    return {
        "suite": tally.suite,
        "outcome": tally.outcome,
        "checked": tally.checked,
        "passed": list(tally.passed),
        "skipped": [{"name": name, "reason": reason} for name, reason in tally.skipped],
        "seconds": round(tally.seconds, 3),
        "could_not_run": tally.could_not_run,
        "findings": [_finding(finding) for finding in tally.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {**msgspec.to_builtins(finding), "fingerprint": finding.fingerprint}
