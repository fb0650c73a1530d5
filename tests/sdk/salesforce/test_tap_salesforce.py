"""tap-salesforce, a whole integration that nobody here wrote, discovers and syncs the organisation as a process."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from domain.acts import Act
from mocks.doors.serving import Running
from tests.sdk.conftest import python_environment
from tests.sdk.salesforce.conftest import run, surroundings

CONFIG = {
    "refresh_token": "refresh",
    "client_id": "app",
    "client_secret": "shh",
    "start_date": "2020-01-01T00:00:00Z",
    "api_type": "REST",
    "select_fields_by_default": "true",
}


@pytest.fixture(scope="module")
def tap(doors: Running) -> Path:
    """Fill the organisation and return the tap's program."""
    python = python_environment("tap-salesforce", "tap-salesforce==2.8.1")
    account = {"name": "Acme", "entity": "US", "currency": "USD", "country": "US"}
    line = {"sku": "SEAT", "quantity": 3, "unit_minor": 9500}
    quote = {"account": "A-000001", "entity": "US", "currency": "USD", "lines": [line], "valid_until": "2099-12-31"}
    acts = [Act(at_us=0, system="crm", action="create_account", arguments={**account, "account": "A-000001"})]
    acts += [
        Act(at_us=0, system="crm", action="create_quote", arguments={**quote, "number": f"Q-{n:06}"}, txn=f"Q-{n:06}")
        for n in range(1, 2_101)
    ]
    doors.do(lambda: doors.world.seed(acts))
    return python.with_name("tap-salesforce")


def test_the_tap_discovers_every_object_and_syncs_every_record(tap: Path, doors: Running, tmp_path: Path) -> None:
    surrounding = surroundings(doors, by_proxy=True)
    config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps(CONFIG))
    discovered = json.loads(run([tap, "--config", config, "--discover"], surrounding))
    streams = [stream for stream in discovered["streams"] if not stream["stream"].endswith("__e")]
    for stream in streams:
        next(each for each in stream["metadata"] if each["breadcrumb"] == [])["metadata"]["selected"] = True
    catalog.write_text(json.dumps({"streams": streams}))
    printed = run([tap, "--config", config, "--properties", catalog], surrounding)
    kinds = Counter((said["type"], said.get("stream", "")) for said in map(json.loads, printed.splitlines()))
    assert {stream["stream"] for stream in streams} >= {"Account", "Quote", "QuoteLineItem", "Order", "Product2"}
    assert kinds["RECORD", "Account"] == 1
    assert kinds["RECORD", "Quote"] == kinds["RECORD", "QuoteLineItem"] == 2_100
    assert len([kind for kind in kinds if kind[0] == "SCHEMA"]) == len(streams)
