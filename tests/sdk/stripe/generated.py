"""Names the tests of the official client's own suite that concern quote-to-cash and reach a server.

The suite (tests/test_generated_examples.py of the source distribution) has each example in five forms; the synchronous
one without a stubbed client is the one that calls whatever listens at STRIPE_MOCK_PORT.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

RESOURCES = (
    "balance_transactions", "charges", "coupons", "credit_notes", "customers", "disputes", "events", "invoiceitems",
    "invoices", "payment_intents", "payment_methods", "payouts", "prices", "products", "promotion_codes", "quotes",
    "refunds", "setup_intents", "subscription_items", "subscription_schedules", "subscriptions", "tax_rates",
    "test_helpers_test_clocks", "webhook_endpoints",
)  # fmt: skip
LEFT_OUT = ("customers_sources", "payment_method_configurations")
"""What the dialect's subset leaves out by design: payment sources of a former age, and the dashboard's settings."""
FILE = "tests/test_generated_examples.py"


def subset(suite: Path) -> Iterator[str]:
    """Iterate over the names of the tests, as pytest takes them."""
    for name in re.findall(r"    def (test_\w+)\(", (suite / FILE).read_text()):
        wanted = any(re.match(rf"test_{each}_(?:[a-z_]+_)?(?:get|post|delete)(?:_\d+)?$", name) for each in RESOURCES)
        if wanted and "_service" not in name and "_async" not in name and not any(each in name for each in LEFT_OUT):
            yield f"{FILE}::TestGeneratedExamples::{name}"
