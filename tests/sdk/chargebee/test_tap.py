"""tap-chargebee, an exporter that nobody here wrote, discovers a site and syncs all of it, as a process of its own.

It knows no base URL: it comes through the proxy, by name. Its licence is why it is never imported.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mocks.billing import LIVE
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running
from tests.sdk.chargebee.test_chargebee import run
from tests.sdk.conftest import python_environment

CONFIG = {"api_key": "test_key", "site": "acme-test", "start_date": "2020-01-01T00:00:00Z"}
FILLING = (
    "check_catalogue_is_built", "check_item_prices_of_every_model",
    "check_catalogue_lists_and_deletes", "check_coupons", "check_customer_is_created",
    "check_cards_are_kept", "check_quote_becomes_a_subscription", "check_subscription_is_created",
    "check_subscription_is_upgraded_with_proration", "check_payment_is_recorded",
    "check_promotional_credits_settle_the_next_invoice", "check_orders",
)  # fmt: skip
STREAMS_WITH_ROWS = {
    "coupons", "credit_notes", "customers", "events", "invoices", "item_families", "item_prices", "items", "orders",
    "payment_sources", "promotional_credits", "quotes", "subscriptions", "transactions",
}  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A site of its own in which the vendor's client has worked."""
    client = python_environment("chargebee", "chargebee==3.29.0")
    with running(LiveWorld(quirks={"billing": LIVE}), workspace=tmp_path_factory.mktemp("authority")) as doors:
        errors = run(client, FILLING, PORT=str(doors.port("billing")), WEBHOOKS="http://127.0.0.1:9/hooks")
        assert not any(errors.values()), errors
        yield doors


def _tap(site: Running, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    tap = python_environment("tap-chargebee", "tap-chargebee==1.7.1").with_name("tap-chargebee")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    env |= {"HTTPS_PROXY": site["proxy"], "REQUESTS_CA_BUNDLE": str(site.ca_bundle)}
    command = [str(tap), "--config", str(folder / "config.json"), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=180)


def test_the_tap_discovers_and_syncs_the_site(filled: Running, tmp_path: Path) -> None:
    found = _tap(filled, tmp_path, "--discover")
    assert found.returncode == 0, found.stderr
    catalog = json.loads(found.stdout)
    for stream in catalog["streams"]:
        for row in stream["metadata"]:
            if row["breadcrumb"] == []:
                row["metadata"]["selected"] = True
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    synced = _tap(filled, tmp_path, "--catalog", str(tmp_path / "catalog.json"))
    assert synced.returncode == 0, synced.stderr[-4000:]
    assert "CRITICAL" not in synced.stderr
    rows = [json.loads(line) for line in synced.stdout.splitlines()]
    counts = Counter(row["stream"] for row in rows if row["type"] == "RECORD")
    assert set(counts) == STREAMS_WITH_ROWS, counts
    assert counts["subscriptions"] == 2
    assert len([row for row in rows if row["type"] == "SCHEMA"]) == len(catalog["streams"])
