"""The fulfilment system as a whole."""

from __future__ import annotations

from mocks.fulfilment.quirks import Quirks
from mocks.fulfilment.tasks import Tasks
from mocks.kernel.desk import Desk


class Fulfilment:
    """State and rules; it knows no HTTP."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk = desk
        self.quirks = quirks
        self.tasks = Tasks(desk, quirks)
