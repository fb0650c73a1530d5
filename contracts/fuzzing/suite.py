"""Schema fuzzing as a suite: one document and its service."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from contracts.findings import Progress, Tally
from contracts.fuzzing.settings import Service, Settings, Unusable

Opened = Callable[[], AbstractContextManager[tuple[Service, Settings]]]


class Fuzzing:
    """The suite of a document; `opened` starts the service, or says where it is."""

    def __init__(self, document: Path, opened: Opened, shown: str = "") -> None:
        self.name = f"fuzzing {document.name}"
        self._document, self._opened, self._shown = document, opened, shown or str(document)

    def run(self, progress: Progress) -> Tally:
        """Fuzz it."""
        from contracts.fuzzing.running import fuzz, read_document

        try:
            document, text = read_document(self._document)
            with self._opened() as (service, settings):
                found = fuzz(document, text, self._shown, service, settings)
        except Unusable as refusal:
            return Tally(suite=self.name, checked=0, could_not_run=str(refusal))
        progress(found.cases, found.cases)
        broken = {finding.subject for finding in found.findings}
        passed = tuple(label for label in found.operations if label not in broken)
        return Tally(
            suite=self.name, checked=found.cases, findings=found.findings, passed=passed, could_not_run=found.trouble
        )


def at(document: Path, url: str, settings: Settings, shown: str = "") -> Fuzzing:
    """Return the suite of a service at an address."""
    return Fuzzing(document, lambda: nullcontext((Service(url=url), settings)), shown)
