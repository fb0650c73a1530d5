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
        from contracts.fuzzing.documents import read_document, require_operations
        from contracts.fuzzing.running import fuzz

        try:
            with self._opened() as (service, settings):
                document = read_document(self._document, self._shown, settings.allow_remote)
                names = require_operations(document, settings)
                found = fuzz(document, self._document, service, settings, progress)
        except Unusable as refusal:
            return Tally(suite=self.name, checked=0, could_not_run=str(refusal))
        progress(found.cases, found.cases)
        broken = {finding.subject for finding in found.findings}
        return Tally(
            suite=self.name, checked=found.cases, findings=found.findings, could_not_run=found.trouble,
            passed=tuple(label for label in found.operations if label not in broken),
            skipped=tuple((name, "no request was made for it") for name in names if name not in found.operations),
        )  # fmt: skip


def at(document: Path, url: str, settings: Settings, shown: str = "") -> Fuzzing:
    """Return the suite of a service at an address."""
    return Fuzzing(document, lambda: nullcontext((Service(url=url), settings)), shown)
