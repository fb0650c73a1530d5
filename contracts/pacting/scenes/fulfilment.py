"""What the integration asks fulfilment."""

from __future__ import annotations

from functools import partial

from contracts.pacting.scene import Scene
from contracts.pacting.states.ground import NUMBER, QUOTE, REFERENCE
from integration.systems import fulfilment

_scene = partial(Scene, "fulfilment")


SCENES = (
    _scene(
        "a task is asked for", "nothing is there", makes=lambda _: fulfilment.put_task(QUOTE, REFERENCE),
        read=fulfilment.task_of,
    ),
    _scene(
        "a task is asked for again", "a task", makes=lambda _: fulfilment.put_task(QUOTE, REFERENCE),
        read=fulfilment.task_of,
    ),
    _scene(
        "a task is read", "a task", makes=lambda _: fulfilment.read_task(REFERENCE, NUMBER), read=fulfilment.task_of
    ),
    _scene(
        "a completed task is read", "a completed task", makes=lambda _: fulfilment.read_task(REFERENCE, NUMBER),
        read=fulfilment.task_of,
    ),
    _scene(
        "a task that is not there is read", "nothing is there",
        makes=lambda _: fulfilment.read_task("Q-999999-v1", NUMBER), fails="rejected",
    ),
    _scene(
        "a task is cancelled", "a task", makes=lambda _: fulfilment.cancel_task(REFERENCE, NUMBER),
        read=fulfilment.task_of,
    ),
    _scene(
        "a completed task cannot be cancelled", "a completed task",
        makes=lambda _: fulfilment.cancel_task(REFERENCE, NUMBER), fails="rejected",
    ),
    _scene(
        "a completed task is reversed", "a completed task", makes=lambda _: fulfilment.reverse_task(REFERENCE, NUMBER),
        read=fulfilment.task_of,
    ),
    _scene(
        "fulfilment has had enough requests", "fulfilment has had enough requests",
        makes=lambda _: fulfilment.read_task(REFERENCE, NUMBER), fails="throttled", retries_after=True,
    ),
)  # fmt: skip
