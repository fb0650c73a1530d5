"""SARIF 2.1.0: what code hosts show beside the lines of a pull request.

Each result has a physical location, as code hosts show no others: a finding about a running service points at the file
that configures the suite. Files are relative to the root of the project (`SRCROOT`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from contracts.findings import Finding, Place, Rule, Tally
from contracts.verification.baseline import Sorted

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_EVIDENCE_CHARACTERS_MAX = 4000


def written(found: Sorted, rules: Mapping[str, Rule], configuration: str, tool_version: str) -> str:
    """Return the findings, those that were accepted suppressed, as a SARIF log of one run."""
    used = sorted({finding.rule for finding in found.findings})
    order = {rule: index for index, rule in enumerate(used)}
    results = [_result(finding, order, configuration) for tally in found.tallies for finding in tally.findings]
    for finding, entry in found.accepted:
        suppression = {"kind": "external", "status": "accepted", "justification": entry.reason}
        results.append({**_result(finding, order, configuration), "suppressions": [suppression]})
    run = {
        "tool": {"driver": {
            "name": "q2c", "semanticVersion": tool_version, "rules": [_rule(name, rules.get(name)) for name in used],
        }},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(found.tallies)],
        "results": results,
    }  # fmt: skip
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=1).decode() + "\n"


def _rule(name: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": name}
    help_text = " ".join(part for part in (rule.why, rule.source and f"Source: {rule.source}.") if part)
    return {
        "id": name,
        "shortDescription": {"text": rule.sentence},
        "fullDescription": {"text": rule.why or rule.sentence},
        "help": {"text": help_text or rule.sentence},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Finding, order: Mapping[str, int], configuration: str) -> dict[str, Any]:
    evidence = "\n".join(finding.evidence)[:_EVIDENCE_CHARACTERS_MAX]
    return {
        "ruleId": finding.rule,
        "ruleIndex": order[finding.rule],
        "level": finding.severity,
        "message": {"text": f"{finding.message}\n{evidence}".strip()},
        "locations": [_location(finding.place or Place(configuration, 1), finding.subject)],
        "partialFingerprints": {"q2c/v1": finding.fingerprint},
    }


def _location(place: Place, subject: str) -> dict[str, Any]:
    region = {"startLine": max(1, place.line)}
    if place.column:
        region["startColumn"] = place.column
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.file), "uriBaseId": "SRCROOT"},
            "region": region,
        },
        "logicalLocations": [{"fullyQualifiedName": place.pointer or subject}],
    }


def _invocation(tallies: Iterable[Tally]) -> dict[str, Any]:
    notes = [
        {"level": "error", "message": {"text": f"{tally.suite}: {tally.could_not_run}"}}
        for tally in tallies
        if tally.could_not_run
    ]
    return {"executionSuccessful": not notes, "toolExecutionNotifications": notes}
