"""The baseline: findings a team has accepted for a while, each with a reason, a name and a day on which that ends.

    schema_version = 1

    [[accepted]]
    fingerprint = "3f2a9c0d41b7e865"
    rule = "D-REQ-01"
    subject = "POST /v1/orders"
    reason = "the partner moves to v2 in March"
    by = "ana@example.com"
    until = 2027-03-31

After its day a finding counts again. One that no longer occurs is told as stale, so that the file shrinks.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import msgspec

from contracts.findings import Finding, Tally

SCHEMA_VERSION = 1


class Unusable(Exception):
    """A baseline file cannot be used; the message names the file, the entry and what was expected."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One accepted finding. `until` is the last day on which it is accepted."""

    fingerprint: str
    reason: str
    until: date
    rule: str = ""
    subject: str = ""
    by: str = ""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema_version: int
    accepted: tuple[Accepted, ...] = ()


class Sorted(msgspec.Struct, frozen=True, kw_only=True):
    """Tallies in which accepted findings are set aside, and what the baseline says besides."""

    tallies: tuple[Tally, ...]
    accepted: tuple[tuple[Finding, Accepted], ...] = ()
    expired: tuple[tuple[Finding, Accepted], ...] = ()
    stale: tuple[Accepted, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, those that are accepted last."""
        return (*(each for tally in self.tallies for each in tally.findings), *(each for each, _ in self.accepted))


def read(path: Path) -> tuple[Accepted, ...]:
    """Return the entries of a baseline file; raise Unusable."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        found = msgspec.convert(tree, _File)
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise Unusable(f"{path}: {error}. The file is TOML; see docs/how-to/verify-in-ci.md.") from None
    except msgspec.ValidationError as error:
        raise Unusable(f"{path}: {error}. An entry has fingerprint, reason and until (a date).") from None
    if found.schema_version != SCHEMA_VERSION:
        raise Unusable(f"{path}: schema_version is {found.schema_version}; this release reads {SCHEMA_VERSION}.")
    for number, entry in enumerate(found.accepted, 1):
        if not entry.reason.strip():
            raise Unusable(f"{path}: entry {number} ({entry.fingerprint}) has no reason; say why it is accepted.")
    return found.accepted


def sort(tallies: Sequence[Tally], baseline: Iterable[Accepted], today: date) -> Sorted:
    """Set accepted findings aside; those whose day has passed count again."""
    known = {entry.fingerprint: entry for entry in baseline}
    accepted, expired, met = [], [], set()
    kept_tallies = []
    for tally in tallies:
        kept = []
        for finding in tally.findings:
            entry = known.get(finding.fingerprint)
            if entry is not None:
                met.add(entry.fingerprint)
            if entry is not None and today <= entry.until:
                accepted.append((finding, entry))
                continue
            if entry is not None:
                expired.append((finding, entry))
            kept.append(finding)
        kept_tallies.append(msgspec.structs.replace(tally, findings=tuple(kept)))
    stale = tuple(entry for fingerprint, entry in known.items() if fingerprint not in met)
    return Sorted(tallies=tuple(kept_tallies), accepted=tuple(accepted), expired=tuple(expired), stale=stale)


def written(findings: Iterable[Finding], reason: str, by: str, until: date, before: Sequence[Accepted] = ()) -> str:
    """Return the text of a baseline file that accepts these findings besides what it accepted before."""
    entries = {entry.fingerprint: entry for entry in before}
    for finding in findings:
        entries[finding.fingerprint] = Accepted(
            fingerprint=finding.fingerprint, rule=finding.rule, subject=finding.subject, reason=reason, by=by,
            until=until,
        )  # fmt: skip
    blocks = [_block(entry) for _, entry in sorted(entries.items())]
    return "\n".join([f"schema_version = {SCHEMA_VERSION}", *blocks]) + "\n"


def _block(entry: Accepted) -> str:
    texts = {"fingerprint": entry.fingerprint, "rule": entry.rule, "subject": entry.subject, "reason": entry.reason,
             "by": entry.by}  # fmt: skip
    lines = [f"{name} = {_quoted(value)}" for name, value in texts.items() if value]
    return "\n".join(["", "[[accepted]]", *lines, f"until = {entry.until.isoformat()}"])


def _quoted(text: str) -> str:
    """Return a TOML string: JSON's, but for the one control character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
