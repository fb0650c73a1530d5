"""What a run shows: events that were told, fields that were written, copies that follow their original."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.findings import Tally
from contracts.governance.of_project import FOLDER
from contracts.governance.rehearsing import rehearsal
from contracts.governance.suite import Asked, Governance
from domain.history import Attempted, Changed, Delivered, Emitted, MemoryHistory, Record
from domain.objects import Account, Customer
from scenarios.timeline import build
from tests.contracts.checks.build import CONTEXT, ORDER, QUOTE, at, changed
from tests.demo import demo, played

ACCOUNT = Account(id="A-000001", name="Acme", entity="US", currency="USD", country="US")
CUSTOMER = Customer(id="7", ref="A-000001", name="Acme", entity="US", currency="USD")


def _asked(number: str, system: str, operation: str) -> Attempted:
    return Attempted(
        at_us=at(1), sent_us=at(1), number=number, system=system, operation=operation, write=True, key="", txn="",
        fingerprint="", outcome="ok", status=200,
    )  # fmt: skip


def _set(system: str, kind: str, document: Any, cause: str, before: str = "x") -> Changed:
    return changed(2, system, kind, document, before=before, status="x", cause=cause)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Tally]:
    """Return what holds records against the project's registry; its documents are left away."""
    folder = tmp_path_factory.mktemp("registry")
    for path in FOLDER.glob("*.toml"):
        if path.name not in ("contracts.toml", "objects.toml"):
            shutil.copy(path, folder)

    def tally(*records: Record) -> Tally:
        history = MemoryHistory((CONTEXT, *records))
        return Governance(Asked(registry=folder, runs=(lambda: ("a run", history),))).run(lambda _done, _of: None)

    return tally


def _rules(tally: Tally) -> set[str]:
    return {each.rule for each in tally.findings}


HELD = _set("erp", "customer", replace(CUSTOMER, credit_status="soft_hold"), "act")
SHOWN = _set("crm", "account", replace(ACCOUNT, credit_status="soft_hold"), "r1")
BEFORE = (
    _set("erp", "customer", CUSTOMER, "act", before=""), _set("crm", "account", ACCOUNT, "act", before=""),
    _asked("r1", "crm", "upsert_record"),
)  # fmt: skip


def test_a_carrier_may_bring_a_copy_what_its_original_said(held: Callable[..., Tally]) -> None:
    tally = held(*BEFORE, HELD, SHOWN)
    assert (tally.outcome, tally.findings) == ("holds", ())
    assert any("copies follow their originals in 1 runs" in each for each in tally.passed)


def test_a_copy_with_a_value_of_its_own_is_found(held: Callable[..., Tally]) -> None:
    tally = held(*BEFORE, SHOWN, HELD)
    assert _rules(tally) == {"govern.copy-differs"}
    assert "'soft_hold' in a run, which erp.customer.credit_status had not said" in tally.findings[0].message
    assert tally.findings[0].place is not None
    assert tally.findings[0].place.file.endswith("fields.toml")


def test_the_integration_may_not_give_another_discount_in_the_crm(held: Callable[..., Tally]) -> None:
    """The quote is CPQ's and nobody may propose; what the orchestrator may tell of it is its status."""
    begun = (_set("crm", "quote", QUOTE, "act", before=""), _asked("r1", "crm", "update_record"))
    assert _rules(held(*begun, _set("crm", "quote", replace(QUOTE, status="converted"), "r1"))) == set()
    tally = held(*begun, _set("crm", "quote", replace(QUOTE, discount_percent="20"), "r1"))
    assert [(each.rule, each.detail) for each in tally.findings] == [("govern.not-the-owner", "discount_percent")]


@pytest.mark.parametrize(
    ("system", "rules"), [("erp", set()), ("billing", {"govern.unassigned-field"}), ("tax", {"govern.not-the-owner"})]
)
def test_an_order_is_written_where_it_belongs(system: str, rules: set[str], tmp_path: Path) -> None:
    rows = "".join(
        f'[[fields]]\nsystem = "{name}"\nobject = "order"\nnames = ["{names}"]\ngroup = "order"\n'
        for name, names in (("erp", "*"), ("tax", "*"), ("billing", "status"))
    )
    path = tmp_path / "registry.toml"
    path.write_text(f'schema_version = 1\n[[parties]]\nname = "orchestrator"\ncarrier = true\n{rows}')
    history = MemoryHistory((CONTEXT, _asked("r1", system, "put"), _set(system, "order", ORDER, "r1", before="")))
    tally = Governance(Asked(registry=path, runs=(lambda: ("a run", history),))).run(lambda _done, _of: None)
    assert _rules(tally) == rules


def test_an_event_that_a_run_told_and_nobody_registered_is_found(held: Callable[..., Tally]) -> None:
    told = Emitted(at_us=at(1), type="q2c.order.eaten.v1", subject="O-1", txn="", sequence=1, id="1")
    heard = Delivered(
        at_us=at(1), sent_us=at(1), signed_us=at(1), system="billing", message="m", topic="order_eaten", txn="",
        attempt=1, status=200,
    )  # fmt: skip
    tally = held(told, heard, replace(told, type="q2c.order.booked.v1"), replace(heard, topic="invoice_generated"))
    assert [(each.rule, each.subject) for each in tally.findings] == [
        ("govern.unregistered-event", "q2c.order.eaten.v1"), ("govern.unregistered-event", "order_eaten")
    ]  # fmt: skip
    assert all("in a run" in each.message for each in tally.findings)


def test_a_rehearsal_of_the_reference_integration_keeps_the_registry(held: Callable[..., Tally]) -> None:
    tally = held(*played(build(demo(8, 8, days=3, run_on_days=3), 1))[1:])
    assert (tally.outcome, tally.findings) == ("holds", ())
    assert tally.checked > 500


def test_a_scenario_of_the_library_is_what_a_project_names() -> None:
    with pytest.raises(ValueError, match="no_such_quarter"):
        rehearsal("no_such_quarter")
    assert callable(rehearsal("quarter_end"))
