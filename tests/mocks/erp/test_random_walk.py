"""Random lives against the ERP: balances agree, charts hold, refusals change nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.charts import CREDIT, CREDIT_MEMO, INVOICE, ORDER

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["order", "amend", "fulfil", "cancel", "invoice", "memo", "pay", "apply", "refund", "refund_memo", "hold",
             "hard", "release", "limit"]
        ),
        st.integers(0, 3),
        st.integers(1, 4),
    ),
    max_size=25,
)  # fmt: skip
CHARTS = {"order": ORDER, "invoice": INVOICE, "credit_memo": CREDIT_MEMO, "customer": CREDIT}


def owner_of(number: int) -> dict[str, Any]:
    """Customer 2 buys in euros from the US entity."""
    return {"externalId": "A-000003"} if number == 2 else {"externalId": "A-000001"}


def play(bench: Any, step: str, number: int, size: int) -> None:
    quote = f"Q-00012{number}"
    owner, currency = owner_of(number), {"refName": "EUR" if number == 2 else "USD"}
    changes = {"entity": owner, "currency": currency, "custbody_txn": quote, "otherRefNum": quote}
    order, amount = f"salesOrder/eid:{quote}-v1", 333.33 * size
    if step in ("order", "amend"):
        bench.put(order, bench.order("1000.00", **changes, custbody_kind="new" if step == "order" else "amend"))
    elif step == "fulfil":
        part = {"item": {"items": [{"orderLine": 1, "quantity": size}]}} if size < 4 else {}
        bench.call("POST", f"{order}/!transform/itemFulfillment", part)
    elif step == "cancel":
        bench.call("PATCH", order, {"orderStatus": {"id": "C"}})
    elif step == "invoice":
        bench.put(f"invoice/eid:inv_{number}", bench.invoice(round(amount, 2), 10.01, **changes))
    elif step == "memo":
        source = {"entity": owner, "createdFrom": {"externalId": f"inv_{number}"}}
        bench.put(f"creditMemo/eid:cn_{number}_{size}", bench.memo(round(amount / 3, 2), 1.11, **source))
    elif step in ("pay", "apply"):
        row = {"doc": {"externalId": f"inv_{number}"}, "amount": round(amount / 2, 2)}
        body = {"customer": owner, "currency": currency, "payment": round(amount, 2), "tranDate": "2026-12-15",
                "apply": {"items": [row] if step == "apply" else []}}  # fmt: skip
        bench.put(f"customerPayment/eid:pi_{number}_{size}", body)
    elif step in ("refund", "refund_memo"):
        source = f"pi_{number}_{size}" if step == "refund" else f"cn_{number}_{size}"
        row = {"doc": {"externalId": source}, "amount": round(amount / 5, 2)}
        bench.put(f"customerRefund/eid:re_{number}_{size}", {"customer": owner, "apply": {"items": [row]}})
    elif step in ("hold", "hard"):
        bench.act("place_hold", account=owner["externalId"], level="hard" if step == "hard" else "soft")
    elif step == "release":
        bench.act("release_hold", account=owner["externalId"])
    else:
        bench.act("set_credit_limit", account=owner["externalId"], limit_minor=100_000 * (size - 1))


def check(bench: Any) -> None:
    erp = bench.erp
    for currency in ("USD", "EUR"):
        trial = erp.ledger.trial_balance("US", currency)
        assert sum(amount for amount, _ in trial.values()) == 0
        assert sum(base for _, base in trial.values()) == 0
        invoices = [row for row in erp.invoices.records.values() if row.doc.currency == currency]
        memos = [row for row in erp.credit_memos.records.values() if row.doc.currency == currency]
        cash = [row for row in erp.payments.records.values() if row.doc.currency == currency]
        receivable = sum(row.doc.balance_minor for row in invoices) - sum(row.doc.balance_minor for row in memos)
        assert trial.get("1100", (0, 0))[0] == receivable
        base = sum(row.base_open_minor for row in invoices) - sum(row.base_open_minor for row in memos)
        assert trial.get("1100", (0, 0))[1] == base
        assert trial.get("2150", (0, 0)) == (
            -sum(row.rest_minor for row in cash),
            -sum(row.rest_base_minor for row in cash),
        )
    for customer in erp.customers.records.values():
        total = sum(row.doc.balance_minor for row in erp.invoices.records.values() if row.customer == customer.id)
        total -= sum(row.doc.balance_minor for row in erp.credit_memos.records.values() if row.customer == customer.id)
        balance = erp.credit.balance(customer.id, customer.currency)
        assert balance.open_minor == total
        assert min(balance.unbilled_minor, balance.unapplied_minor, balance.waiting_minor) >= 0
        waits = [row for row in erp.orders.records.values() if row.customer == customer.id]
        if customer.status not in ("soft_hold", "hard_hold"):
            assert not [row for row in waits if row.doc.status.startswith("credit_hold")]


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_the_books_agree(make: Any, steps: list[tuple[str, int, int]]) -> None:
    bench = with_euros(make(limit_minor=300_000))
    for step, number, size in steps:
        play(bench, step, number, size)
        check(bench)
    for kind, chart in CHARTS.items():
        for change in bench.changes(kind):
            assert change.before in ("", change.status) or chart.allows(change.before, change.status)
    numbers = [change.document.number for change in bench.changes("invoice") if not change.before]
    assert numbers == [f"INV-US-{index:06d}" for index in range(1, len(numbers) + 1)]


def with_euros(bench: Any) -> Any:
    bench.act("create_customer", account="A-000003", name="Chat", entity="US", currency="EUR", credit_limit_minor=0)
    bench.act("add_rate", rate_id="fx-1", **{"from": "EUR", "to": "USD"}, rate="1.08765", date="2026-12-01")
    bench.act("add_rate", rate_id="fx-2", **{"from": "EUR", "to": "USD"}, rate="1.0321", date="2026-12-14")
    return bench
