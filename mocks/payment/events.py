"""Events on the wire: the object as it was, in the version of whoever is told, and what it had been before."""

from __future__ import annotations

from typing import Any

from mocks.payment import render, versions, views
from mocks.payment.expand import plain
from mocks.payment.records import Event


def view(look: versions.Look, event: Event, version: str) -> views.Event:
    """Return an event in a version."""
    subject = _in_version(look, event.subject, version)
    previous = None
    if event.before is not None:
        after = plain(subject)
        before = plain(_in_version(look, event.before, version))
        previous = {name: value for name, value in before.items() if after.get(name) != value}
    return render.event(event, version, subject, previous)


def _in_version(look: versions.Look, record: Any, version: str) -> Any:
    found = render.shown(record)
    return versions.taken_back(look, plain(found), version) if found.object in versions.touched(version) else found
