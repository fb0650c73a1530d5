"""States of fulfilment: tasks under way and done."""

from __future__ import annotations

from contracts.pacting.scene import Values
from contracts.pacting.stage import Stage
from contracts.pacting.states.ground import QUOTE, REFERENCE
from integration.systems import fulfilment


def a_task(stage: Stage) -> Values:
    """Set up a task that has been asked for."""
    stage.act("fulfilment", "set_duration", id=REFERENCE, seconds=3600)
    stage.answered(fulfilment.put_task(QUOTE, REFERENCE))
    return {"task": REFERENCE}


def a_completed_task(stage: Stage) -> Values:
    """Set up a task that is done."""
    found = a_task(stage)
    stage.later(2 * 86_400)
    return found
