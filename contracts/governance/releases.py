"""Releases: registered documents against what was released of them, by the promise of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from contracts.compatibility.advice import next_version, step_of, version_finding
from contracts.compatibility.documents import Document
from contracts.compatibility.schemas import Change
from contracts.compatibility.suite import changes_between
from contracts.findings import Finding
from contracts.governance.registry import Contract, Event, Registry
from contracts.governance.rules import broken

_SHOWN = 3


def released(
    registry: Registry, before: Mapping[str, Document], now: Mapping[str, Document]
) -> Iterator[Finding]:  # fmt: skip
    """Yield what the changes since a release break; `before` and `now` are documents by the id of their contract."""
    for contract in registry.contracts:
        if contract.lifecycle == "draft" or contract.id not in before or contract.id not in now:
            continue
        old, new = before[contract.id], now[contract.id]
        changes = changes_between(old, new)
        yield from _numbered(contract, old, new, changes)
        yield from _kept(contract, registry, old, new, changes)


def _numbered(contract: Contract, old: Document, new: Document, changes: list[Change]) -> Iterator[Finding]:
    """Versions as SemVer writes them must say enough; others must be another one when somebody breaks."""
    was, now = _version(old), _version(new)
    is_breaking = any(change.severity == "error" for change in changes)
    if version_finding(old, new, changes) is None and not (is_breaking and now == was):
        return
    wanted = next_version(was, step_of(changes))
    number = f"{wanted} or more" if wanted != was else "a new one"
    message = (
        f"{contract.id} changed ({len(changes)} changes) since {was or 'its release'} and its version is "
        f"{now or 'none'}; give it {number}, in the document and in the registry."
    )
    yield broken("govern.version-not-bumped", contract.id, message, new.place("/info/version"), was)


def _version(document: Document) -> str:
    info = document.tree.get("info")
    return str(info.get("version", "")) if isinstance(info, Mapping) else ""


def _kept(
    contract: Contract, registry: Registry, old: Document, new: Document, changes: list[Change]
) -> Iterator[Finding]:
    """Yield what breaks a promise: changes by operation or event, and for `full` the way back as well."""
    found = [("users of the old version", change) for change in changes]
    if contract.compatibility == "full":
        found += [("users of the new version, when it is taken back", each) for each in changes_between(new, old)]
    errors = [(who, each) for who, each in found if each.severity == "error"]
    for (who, operation), rows in groupby(errors, key=lambda pair: (pair[0], pair[1].operation)):
        said = [change for _, change in rows]
        event = _event_of(operation, new, registry) if contract.kind == "asyncapi" else None
        mode = event.compatibility if event else contract.compatibility
        if mode == "none" or (event is not None and event.lifecycle == "draft"):
            continue
        more = f" (and {len(said) - _SHOWN} more)" if len(said) > _SHOWN else ""
        message = (
            f"{contract.id} is to stay {mode} compatible, and breaks {who}: "
            f"{' '.join(change.sentence for change in said[:_SHOWN])}{more}"
        )
        place = said[0].place if said[0].place.file == new.name else new.place("")
        yield broken("govern.incompatible", operation or contract.id, message, place, who)


def _event_of(operation: str, document: Document, registry: Registry) -> Event | None:
    """Return the row of the event that a change of a channel ("channel NAME") is about."""
    channels = document.tree.get("channels")
    channel = channels.get(operation.partition(" ")[2]) if isinstance(channels, Mapping) else None
    rows = registry.events_of(str(channel.get("address", ""))) if isinstance(channel, Mapping) else ()
    return rows[0] if rows else None
