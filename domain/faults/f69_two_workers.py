"""F69: Two workers take the same flow."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F69",
        name="two workers, one flow",
        summary="two processes claim one flow at the same instant",
        wild="Any queue without a lock, or with a lock that ran out.",
        source="[E]",
        right="claims with a lock that skips what is taken, and fences by epoch.",
        noticed_by=("S6",),
        why=(
            "A rehearsal has one process on a journal of its own; `zombie` (F68) is the half of it "
            "that one process can show."
        ),
        shown=(
            "tests/integration/test_workers.py, tests/integration/journal/test_postgres_claims.py, "
            "tests/trouble/test_kills.py (two workers on PostgreSQL)"
        ),
    ),
)
