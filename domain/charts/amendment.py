"""The chart of a contract amendment."""

from domain.charts.chart import Chart, rows

_APPLIED = "every earlier-effective booked amendment of the contract is applied (effective_date, then sequence)"
_BOOKED = "contract start <= effective_date <= contract end, not before the last applied cancel"

AMENDMENT = Chart(
    name="amendment",
    initial=("draft",),
    transitions=(
        *rows("draft", "quoted", "quote"),
        *rows("quoted", "approved", "approve"),
        *rows("approved", "accepted", "accept"),
        *rows("accepted", "booked", "book", _BOOKED, "amendment.booked"),
        *rows("booked", "applied", "apply", _APPLIED, "amendment.applied"),
        *rows("draft quoted approved accepted", "cancelled", "cancel"),
        *rows("draft quoted approved accepted", "superseded", "supersede", "a newer amendment replaces it"),
        *rows("booked", "apply_failed", "fail"),
        *rows("apply_failed", "applied", "apply", _APPLIED, "amendment.applied"),
        *rows("apply_failed", "reversed", "reverse"),
    ),
    terminal=frozenset({"applied", "cancelled", "superseded", "reversed"}),
)
