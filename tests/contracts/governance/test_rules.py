"""Every rule of governance: what keeps it, and what breaks it, at a place where it can be mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.governance.rules import RULES
from tests.contracts.governance.shop import API, EVENTS, Shop

Case = tuple[str, str, Callable[[Shop], object]]


def _extra_event(tree: dict[str, Any]) -> None:
    tree["channels"]["eaten"] = {"address": "order.eaten.v1", "messages": {"eaten": {"name": "order.eaten.v1"}}}
    tree["operations"]["eat"] = {"action": "receive", "channel": {"$ref": "#/channels/eaten"}}


def _sends(field: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(tree: dict[str, Any]) -> None:
        tree["interactions"][0]["request"]["body"]["content"][field] = value

    return edit


def _hears(kind: str) -> Callable[[dict[str, Any]], None]:
    def edit(tree: dict[str, Any]) -> None:
        tree["interactions"][0]["contents"]["content"]["type"] = kind

    return edit


def _another_money(tree: dict[str, Any]) -> None:
    tree["components"]["schemas"]["Money"] = {"type": "object", "properties": {"amount": {"type": "number"}}}


EVENT = 'type = "order.booked.v1"\nowner = "order team"'
OLD = '\nlifecycle = "deprecated"\nsunset = 2026-11-30'
CONTRACT = 'id = "orders api"'
CASES: list[Case] = [
    ("govern.no-owner", "[[events]] 1", lambda shop: shop.with_registry((EVENT, 'type = "order.booked.v1"'))),
    ("govern.no-owner", "[[objects]] 1", lambda shop: shop.with_registry(('owner = "finance"', 'owner = " "'))),
    ("govern.no-file", "[[contracts]] 1",
     lambda shop: shop.with_registry((f'{CONTRACT}\nkind = "openapi"\nfile = "orders.json"',
                                      f'{CONTRACT}\nkind = "openapi"\nfile = "gone.json"'))),
    ("govern.no-file", "[[objects]] 1", lambda shop: shop.with_registry(("schemas/Amount", "schemas/Gone"))),
    ("govern.no-sunset", "[[events]] 1",
     lambda shop: shop.with_registry((EVENT, f'{EVENT}\nlifecycle = "deprecated"'))),
    ("govern.registered-twice", "[[events]] 2",
     lambda shop: shop.with_row('[[events]]\ntype = "order.booked.v1"\nowner = "x"\nversion = "1"\n'
                                'producers = ["orders"]\nconsumers = ["shop"]\n')),
    ("govern.version-differs", "[[contracts]] 1",
     lambda shop: shop.with_file("orders.json", lambda tree: tree["info"].update(version="1.3.0"))),
    ("govern.version-differs", "[[events]] 1",
     lambda shop: shop.with_registry(('version = "1.3"', 'version = "2.0"'))),
    ("govern.unregistered-contract", "events.json:1",
     lambda shop: shop.with_registry(('kind = "asyncapi"\nfile = "events.json"', 'kind = "asyncapi"\nfile = ""'))),
    ("govern.unregistered-event", "events.json", lambda shop: shop.with_file("events.json", _extra_event)),
    ("govern.unregistered-event", "shop-messages.json",
     lambda shop: shop.with_file("shop-messages.json", _hears("order.eaten.v1"))),
    ("govern.unregistered-consumer", "shop-messages.json",
     lambda shop: shop.with_registry(('version = "1.3"\nproducers = ["orders"]\nconsumers = ["shop"]',
                                      'version = "1.3"\nproducers = ["orders"]\nconsumers = ["stock"]'))),
    ("govern.draft-used", "shop-messages.json",
     lambda shop: shop.with_registry((EVENT, f'{EVENT}\nlifecycle = "draft"'))),
    ("govern.deprecated-used", "shop-messages.json",
     lambda shop: shop.with_registry((EVENT, f"{EVENT}{OLD}".replace("2026-11-30", "2026-12-01")))),
    ("govern.past-sunset", "shop-messages.json", lambda shop: shop.with_registry((EVENT, f"{EVENT}{OLD}"))),
    ("govern.past-sunset", "shop-orders.json", lambda shop: shop.with_registry((CONTRACT, f"{CONTRACT}{OLD}"))),
    ("govern.retired-used", "shop-orders.json",
     lambda shop: shop.with_registry((CONTRACT, f'{CONTRACT}\nlifecycle = "retired"'))),
    ("govern.object-overlap", "orders.json", lambda shop: shop.with_file("orders.json", _another_money)),
    ("govern.not-the-owner", "shop-orders.json",
     lambda shop: shop.with_file("shop-orders.json", _sends("status", "booked"))),
    ("govern.unassigned-field", "shop-orders.json",
     lambda shop: shop.with_file("shop-orders.json", _sends("colour", "red"))),
    ("govern.unassigned-field", "[[fields]] 2",
     lambda shop: shop.with_registry(('"lines.*"]\ngroup = "order"', '"lines.*"]\ngroup = "ordr"'))),
]  # fmt: skip


def test_a_project_that_keeps_every_rule_holds(tmp_path: Path) -> None:
    tally = Shop(tmp_path).tally(released={"orders.json": API, "events.json": EVENTS})
    assert (tally.outcome, tally.findings, tally.could_not_run) == ("holds", (), "")
    assert tally.checked > 10
    assert "1 events that are told or heard are registered and may be" in tally.passed


def _line(shop: Shop, row: str) -> str:
    """Return the place of a row of the registry, such as "[[events]] 2", the second one."""
    header, _, number = row.partition(" ")
    lines = [at for at, line in enumerate(shop.registry.splitlines(), 1) if line == header]
    return f"registry.toml:{lines[int(number) - 1]}:"


@pytest.mark.parametrize(
    ("rule", "where", "breaks"), CASES, ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)]
)
def test_what_breaks_a_rule_is_found_at_its_place(
    tmp_path: Path, rule: str, where: str, breaks: Callable[[Shop], object]
) -> None:
    shop = Shop(tmp_path)
    breaks(shop)
    tally = shop.tally()
    wanted = _line(shop, where) if where.startswith("[[") else where
    found = [each for each in tally.findings if each.rule == rule and wanted in str(each.place)]
    assert found, [(each.rule, str(each.place)) for each in tally.findings]
    assert all(each.place is not None and each.place.line > 0 for each in tally.findings)
    assert tally.outcome == ("broken" if any(each.severity == "error" for each in tally.findings) else "holds")


def _without_total(tree: dict[str, Any]) -> None:
    tree["components"]["schemas"]["Order"]["properties"].pop("total")


def _with_note(tree: dict[str, Any]) -> None:
    tree["components"]["schemas"]["Order"]["properties"]["note"] = {"type": "string"}


@pytest.mark.parametrize(
    ("edit", "version", "mode", "rules"),
    [
        (_with_note, "1.2.0", "backward", {"govern.version-not-bumped"}),
        (_with_note, "1.3.0", "backward", set()),
        (_without_total, "1.2.0", "backward", {"govern.version-not-bumped", "govern.incompatible"}),
        (_without_total, "2.0.0", "backward", {"govern.incompatible"}),
        (_without_total, "2.0.0", "none", set()),
        (_without_total, "1.2.0", "draft", set()),
    ],
)
def test_a_document_that_changed_is_held_against_its_release(
    tmp_path: Path, edit: Callable[[dict[str, Any]], None], version: str, mode: str, rules: set[str]
) -> None:
    shop = Shop(tmp_path).with_file("orders.json", edit)
    shop.with_file("orders.json", lambda tree: tree["info"].update(version=version))
    said = 'lifecycle = "draft"' if mode == "draft" else f'compatibility = "{mode}"'
    shop.with_registry((CONTRACT, f"{CONTRACT}\n{said}"), ('version = "1.2.0"', f'version = "{version}"'))
    found = [each for each in shop.tally({"orders.json": API}).findings if each.severity == "error"]
    assert {each.rule for each in found} == rules
    assert all("orders.json" in str(each.place) for each in found)


def test_full_compatibility_asks_that_the_way_back_is_open_too(tmp_path: Path) -> None:
    """A currency that is always told now: fine for who reads the old version, not for who reads the new one of old."""
    before = json.loads(json.dumps(EVENTS))
    before["components"]["schemas"]["Amount"]["required"] = ["amount"]
    shop = Shop(tmp_path).with_file("events.json", lambda tree: tree["info"].update(version="1.1.0"))
    shop.with_registry(('version = "1.0.0"', 'version = "1.1.0"'))
    assert _incompatible(shop.tally({"events.json": before})) == []
    shop.with_registry((EVENT, f'{EVENT}\ncompatibility = "full"'))
    assert _incompatible(shop.tally({"events.json": before})) == ["channel booked"]


def _incompatible(tally: Any) -> list[str]:
    return [each.subject for each in tally.findings if each.rule == "govern.incompatible"]


def test_a_vendors_dialect_defines_no_canonical_objects(tmp_path: Path) -> None:
    shop = Shop(tmp_path).with_file("orders.json", _another_money)
    shop.with_registry((CONTRACT, f'{CONTRACT}\ndialect = "vendor"'))
    assert "govern.object-overlap" not in {each.rule for each in shop.tally().findings}


def test_every_rule_has_a_case_that_breaks_it() -> None:
    others = {"govern.version-not-bumped", "govern.incompatible", "govern.copy-differs"}
    assert {case[0] for case in CASES} | others == set(RULES)
    assert all(rule.sentence.endswith(".") and rule.why for rule in RULES.values())
