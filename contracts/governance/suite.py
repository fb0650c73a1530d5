"""The suite of `q2c verify` that holds documents, pacts and runs against the registry of contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path

import msgspec

from contracts.compatibility.documents import Document
from contracts.compatibility.documents import Unusable as UnusableDocument
from contracts.compatibility.documents import read as read_document
from contracts.compatibility.pacts import Pact, read_pact
from contracts.findings import Finding, Progress, Tally
from contracts.governance import objects, releases, standing, writes
from contracts.governance.registry import Registry, Unusable, read
from contracts.governance.sightings import Sighting, Used, of_asyncapi, of_history, of_message_pact, of_pact_files, uses
from domain.history import History

INTEGRATION = "orchestrator"
Run = tuple[str, History]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is held against a registry.

    `documents` and `pacts` are files that must be registered; `released` are pairs of a document now and as it was
    released; `runs` are played when the suite runs. `integration` is the party whose deeds a history records.
    """

    registry: Path
    documents: tuple[Path, ...] = ()
    pacts: tuple[Path, ...] = ()
    released: tuple[tuple[Path, Path], ...] = ()
    runs: Sequence[Callable[[], Run]] = ()
    integration: str = INTEGRATION
    today: date | None = None


class Governance:
    """The suite of one registry."""

    def __init__(self, asked: Asked) -> None:
        self.name = f"registry {asked.registry.name}"
        self._asked = asked

    def run(self, progress: Progress) -> Tally:
        """Hold everything against the registry; a file that cannot be read is said."""
        try:
            held = Held(self._asked)
            parts = held.parts()
            found: list[Finding] = []
            passed: list[str] = []
            for number, (sentence, findings) in enumerate(parts, 1):
                own = list(findings)
                found.extend(own)
                if not any(finding.severity == "error" for finding in own):
                    passed.append(sentence())
                progress(number, len(parts))
        except (Unusable, UnusableDocument) as refusal:
            return Tally(suite=self.name, checked=0, could_not_run=str(refusal))
        return Tally(suite=self.name, checked=held.checked, findings=tuple(found), passed=tuple(passed))


Part = tuple[Callable[[], str], Iterable[Finding]]


class Held:
    """The registry, and all that is held against it, read once."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.registry: Registry = read(asked.registry)
        self._today = asked.today or datetime.now(UTC).date()
        rows = [row for row in self.registry.contracts if row.kind != "pact" and row.file and row.path.is_file()]
        self.documents: dict[str, Document] = {row.id: read_document(row.path) for row in rows}
        self.pacts: list[Pact] = [read_pact(path) for path in asked.pacts]
        known = [(self.registry.contract_of(now), before) for now, before in asked.released]
        self.released = {row.id: read_document(before) for row, before in known if row is not None}
        self.runs = [run() for run in asked.runs]
        self.sightings: list[Sighting] = list(self._sightings())
        self.uses: list[Used] = list(self._uses())
        self.writes = list(self._writes())

    @property
    def checked(self) -> int:
        """How many things were held against a rule."""
        rows = len(self.registry.kept) + len(self.registry.objects)
        return rows + len(self.sightings) + len(self.uses) + len(self.writes) + len(self.released)

    def parts(self) -> list[Part]:
        """Return the parts of the examination: a sentence for when a part holds, and its findings."""
        registry, known = self.registry, len(self.registry.kept)
        files = (*self._asked.documents, *self._asked.pacts)
        events = {each.event for each in self.sightings}
        return [
            (lambda: f"{known} rows have an owner, a file and an end", standing.lacking(registry, self.documents)),
            (lambda: f"{len(files)} files are registered", standing.unregistered(files, registry)),
            (lambda: f"{len(events)} events that are told or heard are registered and may be",
             standing.of_events(self.sightings, registry, self._today)),
            (lambda: f"{len(self.uses)} uses of contracts are allowed", standing.of_uses(self.uses, self._today)),
            (lambda: f"{len(registry.objects)} objects are defined once", objects.overlaps(registry, self.documents)),
            (lambda: f"{len(self.writes)} written fields are written by their owners, or for them",
             filter(None, (writes.judged(each, registry) for each in self.writes))),
            (lambda: f"{len(registry.copies)} copies follow their originals in {len(self.runs)} runs",
             chain.from_iterable(writes.copies(history, name, registry) for name, history in self.runs)),
            (lambda: f"{len(self.released)} documents keep what was released",
             releases.released(registry, self.released, self.documents)),
        ]  # fmt: skip

    def _sightings(self) -> Iterator[Sighting]:
        for row in self.registry.contracts:
            if row.kind == "asyncapi" and row.id in self.documents and row.lifecycle != "retired":
                yield from of_asyncapi(self.documents[row.id], row)
        for pact in self.pacts:
            yield from of_message_pact(pact, self.registry)
        for name, history in self.runs:
            yield from of_history(history, name, self._asked.integration)

    def _uses(self) -> Iterator[Used]:
        yield from of_pact_files(self.pacts, self.registry)
        for pact in self.pacts:
            yield from uses(pact, self.registry, self.documents)

    def _writes(self) -> Iterator[writes.Write]:
        for pact in self.pacts:
            yield from writes.of_pact(pact, self.registry)
        for name, history in self.runs:
            yield from writes.of_history(history, name, self.registry, self._asked.integration)
