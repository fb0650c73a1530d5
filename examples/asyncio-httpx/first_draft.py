"""The integration as it was on its first day: all of it, but for one line that every review had waved through.

`charge` makes a key, as the processor's manual asks for. It makes it where the charge is tried, and it is tried again.
"""

from __future__ import annotations

import uuid
from typing import Any

import app
from starlette.applications import Starlette
from systems import Quote, Systems


async def charge(systems: Systems, quote: Quote, invoice: dict[str, Any]) -> dict[str, Any]:
    """Charge an invoice under a key of its own."""
    return await systems.charge(quote, invoice, str(uuid.uuid4()))


def create() -> Starlette:
    """Return the application of the first day."""
    return app.create(charge)
