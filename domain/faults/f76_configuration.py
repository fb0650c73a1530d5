"""F76: A secret is missing, or one tenant has the settings of another."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F76",
        name="configuration",
        summary="a secret, an address or a mapping is missing or wrong",
        wild="Any deploy to a new environment.",
        source="[E]",
        right=(
            "does not start without what it needs and says what is missing; what one product or "
            "tenant lacks stops that one only."
        ),
        noticed_by=("S11", "L4"),
        why="A process that does not start plays no run.",
        shown=(
            "the word `missing_mapping` of a scenario and the library's missing_mapping_new_sku, "
            "`forbidden` and `grant_refused` (F35, F36), "
            "tests/integration/service/test_configuration.py and test_secrets.py"
        ),
    ),
)
