"""What a caller calls its documents, with an external id or without."""

from __future__ import annotations

from domain.history import Changed
from tests.mocks.erp.conftest import Bench


def _refs(bench: Bench, kind: str) -> list[str]:
    return [each.document.ref for each in bench.records if isinstance(each, Changed) and each.kind == kind]


def test_a_document_without_an_external_id_is_known_by_its_remark(bench: Bench) -> None:
    bench.call("POST", "invoice", bench.invoice(otherRefNum="INV-7", memo="January"))
    bench.call("POST", "customerPayment", bench.payment(10.0, memo="pi_7", apply=None))
    assert set(_refs(bench, "invoice")) == {"INV-7"}
    assert set(_refs(bench, "cash")) == {"pi_7"}


def test_an_external_id_outranks_every_remark(bench: Bench) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice(otherRefNum="INV-7"))
    assert set(_refs(bench, "invoice")) == {"inv_1"}
