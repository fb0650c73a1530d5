"""The reference integration reads every answer that is valid but unpleasant, with every reader it has."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from contracts.findings import Tally
from contracts.responses.cases import Base, Consumer
from contracts.responses.collected import answers
from contracts.responses.collecting import heard_in, kept, small
from contracts.responses.documents import name_of, read, walk
from contracts.responses.reference import READERS, UNHEARD, Reader, ReadingConsumer, readings
from contracts.responses.reference_lists import LISTS
from contracts.responses.suite import Responses, reference
from integration.outcomes import Answer
from integration.systems import payment, tax
from integration.systems.erp import receivables

ROOT = Path(__file__).resolve().parents[3]


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def tally() -> Tally:
    return reference().run(silent)


def test_the_reference_integration_reads_every_case(tally: Tally) -> None:
    assert [f"{each.subject}: {each.message}" for each in tally.findings] == []
    assert tally.outcome == "holds"


def test_thousands_of_cases_reach_every_reader_and_every_list(tally: Tally) -> None:
    assert tally.checked > 3000
    assert len(set(tally.passed)) == len(tally.passed) == tally.checked
    bases = {name.partition("@")[2].partition("/")[0] for name in tally.passed}
    assert bases >= {reader.name for reader in READERS} | {each.name for each in LISTS} | {"crm.token", "erp.token"}


def test_no_reader_of_the_adapters_is_left_out() -> None:
    found, pages = set(), set()
    for path in (ROOT / "integration/systems").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            takes = [each.annotation.id for each in node.args.args[:2] if isinstance(each.annotation, ast.Name)]
            if takes[:1] == ["Answer"] and node.name[0] != "_":
                found.add(node.name)
            elif takes == ["Call", "Answer"]:
                pages.add(node.name)
    named = {reader.name.partition(".")[2] for reader in READERS} | {name.partition(".")[2] for name in UNHEARD}
    assert found - {"read", "read_text"} == named - pages


def test_the_collected_answers_are_those_that_the_mocks_give_today() -> None:
    known: dict[tuple[str, str], set[str]] = {(each.system, each.operation): set() for each in answers()}
    today = kept(heard_in(small()))
    for each in answers():
        known[each.system, each.operation] |= names_in(each.body)
    for each in today:
        new = names_in(each.body) - known.get((each.system, each.operation), set())
        assert not new, f"{each.system} {each.operation} answers {new}: python -m contracts.responses.collecting"


def names_in(body: str) -> set[str]:
    """Return the names of members that stand in a body."""
    return {
        name_of(path) for path, _ in walk(read(body.encode())) if "metadata" not in path and "meta_data" not in path
    }


def float_shares(answer: Answer) -> Any:
    """Read a tax document with floats, as many do."""
    return [int(row["tax"] * 100) for row in json.loads(answer.body)["summary"]]


def strict_intents(answer: Answer) -> Any:
    """Read intents with a list of statuses that never grows."""
    return [{"succeeded": 1, "processing": 2, "requires_action": 3}[each.status] for each in payment.intents_of(answer)]


def first_shares(answer: Answer) -> Any:
    """Read a tax document by the position of its members."""
    return [str(next(iter(row.values()))) for row in json.loads(answer.body)["summary"]]


def cut_names(answer: Answer) -> Any:
    """Read payouts into a column that is too narrow."""
    return [each.id[:30] for each in payment.payouts_of(answer)]


PLANTED = {
    float_shares: ("tax", "commit_tax", "odd_amount"),
    first_shares: ("tax", "commit_tax", "key_order"),
    strict_intents: ("payment", "search_payment_intents", "unknown_enum"),
    cut_names: ("payment", "list_payouts", "id_longer"),
}


@pytest.mark.parametrize("read", PLANTED)
def test_a_worse_reader_in_the_place_of_one_of_the_adapters_is_found(read: Any) -> None:
    system, operation, mutator = PLANTED[read]
    planted = Reader("planted", system, (operation,), read)

    def pairs() -> Iterable[tuple[Consumer, Base]]:
        for _, base in readings(answers()):
            if f"/{operation}#1" in base.name:
                yield ReadingConsumer(planted, operation), base

    found = Responses("planted", pairs).run(silent)
    assert any(each.detail.startswith(f"{mutator}@") for each in found.findings), [f.detail for f in found.findings]


def test_a_reader_that_cannot_read_the_plain_answer_is_a_finding_of_its_own() -> None:
    def pairs() -> Iterable[tuple[Consumer, Base]]:
        base = next(base for _, base in readings(answers()) if "commit_tax" in base.name)
        yield ReadingConsumer(Reader("planted", "erp", (), receivables.open_invoices), "suiteql"), base

    found = Responses("planted", pairs).run(silent)
    assert [each.rule for each in found.findings] == ["RESP-05"]


def test_nothing_that_was_checked_is_never_green() -> None:
    assert Responses("none", lambda: ()).run(silent).outcome == "unknown"


def test_the_readers_of_taxes_keep_amounts_exact() -> None:
    body = b'{"code":"a","status":"Committed","totalTax":0.29,"currencyCode":"USD","summary":[' \
        b'{"jurisCode":"06","taxable":4.35,"tax":0.29}]}'  # fmt: skip
    assert [(share.base_minor, share.amount_minor) for share in tax.shares(Answer(200, body))] == [(435, 29)]
