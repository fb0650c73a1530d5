"""F67: The process is killed in the middle of a batch."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F67",
        name="kill inside a batch",
        summary="some items of a batch are done, others not, when the process ends",
        wild="A mail batch that began again from its first item sent more than twenty copies.",
        source="danluu/post-mortems",
        right="keeps its progress by item: each has its own flow, and its own key.",
        noticed_by=("S3", "S6"),
        why=(
            "A batch here is a sweep or a bulk re-drive, and each of its items is a durable write "
            "of its own: a `crash` (F66) at one of them is this."
        ),
        shown="`crash` and `crash_after`, `q2c hunt --exhaustive`, tests/trouble/test_kills.py",
    ),
)
