"""Liveness: once faults have healed, everything ends, and everybody agrees (L1-L4).

Whatever became due at an instant must be done by then, or by the end of the faults, plus the settling time.
"""

from __future__ import annotations

from collections.abc import Iterator

from contracts.checks.causes import captured_at
from contracts.checks.facts import (
    BILLED,
    BOOKED,
    CASE_CLOSED,
    UNLINKED,
    Facts,
    Life,
    base_of,
    document_of,
    intent_of,
    invoice_of,
    whole_of,
)
from contracts.checks.stages import endings
from contracts.checks.verdict import Evidence, Findings, Tally
from domain.calendar import SECOND_US
from domain.errors import ErrorCode
from domain.history import Case, Changed
from domain.money import said

UNSETTLED = "the run ended before the systems had their settling time after the faults"
_HELD = frozenset({"soft_hold", "hard_hold"})
_SLACK_US = 60 * SECOND_US
_POSTS = {"unposted": "invoice", "unapplied": "cash"}
"""What the ERP has to be told to get a quote on from a stage."""
Gap = tuple[Life, int, str, bool]


def systems_converge(facts: Facts) -> Findings:
    """After the faults all systems come to agree: what one has, the next has too, within the settling time."""
    tally, hidden = Tally("L1"), 0
    for gaps in (_finance_gaps(facts), _sales_gaps(facts)):
        for life, due_us, missing, is_there in gaps:
            if not facts.is_due(due_us):
                continue
            tally.examined += 1
            kind = "cash" if life.last.kind == "payment" else life.last.kind
            if not is_there and missing.endswith("in the ERP") and facts.may_be_unlinked(kind, life):
                hidden += 1
            elif not is_there and not _in_hand(facts, life):
                sentence = f"{life.name} ({life.status}) never reached the next system: there is no {missing}"
                tally.violation(life.txn, sentence, life.last, entities=(life.name,))
    unknown = UNLINKED.format(hidden) if hidden else ""
    return tally.findings(unknown if facts.has_settled else UNSETTLED)


def _finance_gaps(facts: Facts) -> Iterator[Gap]:
    for life in facts.lives("invoice", "billing").values():
        billed_us = life.since(BILLED)
        if billed_us is not None and not life.is_seeded:
            yield life, billed_us, "invoice in the ERP", life.id in facts.posted
    for life in facts.lives("credit_memo", "billing").values():
        if any(line.kind != "tax" for line in life.document.lines) and not life.is_seeded:
            yield life, life.created_us, "credit memo in the ERP", life.id in facts.memos
    recorded = {base_of(life.document.ref) for life in facts.lives("cash", "billing").values()}
    for life in facts.lives("payment", "payment").values():
        captured_us = captured_at(life)
        if captured_us is not None:
            yield life, captured_us, "cash in the ERP", intent_of(life.id) in facts.cash
            yield life, captured_us, "payment in billing", intent_of(life.id) in recorded
    sources = {
        base_of(document_of(change).source.partition("/")[2])
        for change in (facts.history.changes("entry", "erp") if facts.lives("payout", "payment") else ())
    }
    for life in facts.lives("payout", "payment").values():
        yield life, life.created_us, "entry for the payout in the books", life.id in sources


def _sales_gaps(facts: Facts) -> Iterator[Gap]:
    for orders in facts.orders.values():
        booked_us = _to_subscribe_since(facts, orders[0])
        if booked_us is not None and orders[0].document.kind != "amend" and orders[0].status != "cancelled":
            yield orders[0], booked_us, "subscription in billing", orders[0].txn in facts.subscriptions
    accounts = facts.lives("account", "crm")
    for life in facts.lives("customer", "erp").values():
        account = accounts.get(life.id)
        if account is not None:
            agree = (life.document.credit_status in _HELD) == (account.document.credit_status in _HELD)
            shown = life.document.credit_status
            yield life, life.last.at_us, f"account in the CRM that shows {shown}", agree


def _to_subscribe_since(facts: Facts, order: Life) -> int | None:
    """Return since when billing should know an order: since it was booked.

    A black box may as well wait for the delivery; None while it has reason to.
    """
    booked_us = order.since(BOOKED)
    tasks = facts.tasks.get(order.txn, [])
    if booked_us is None or facts.context.inside:
        return booked_us
    delivered = [task.entered.get("completed") for task in tasks]
    known = [at_us for at_us in delivered if at_us is not None]
    return max([booked_us, *known]) if len(known) == len(delivered) else None


def _in_hand(facts: Facts, life: Life) -> bool:
    document = life.document
    names = {life.id, life.txn, getattr(document, "ref", ""), getattr(document, "subscription", "")} - {""}
    if not names.isdisjoint(facts.excused):
        return True
    return life.last.kind == "customer" and any(
        life.id in flow.flow for flow in facts.flows.values() if flow.status == "parked"
    )


def every_quote_ends(facts: Facts) -> Findings:
    """Every accepted quote ends paid, applied, cancelled or in the hands of a person, or waits for somebody else."""
    tally, hidden = Tally("L2"), 0
    for ending in endings(facts):
        tally.examined += 1
        if ending.stage in _POSTS and (_POSTS[ending.stage], ending.txn) in facts.unlinked:
            hidden += 1
        elif ending.is_ours and facts.is_due(ending.since_us):
            sentence = f"quote {ending.reference} got stuck: it is {ending.stage} and nobody works on it"
            evidence = (ending.since_us, f"{ending.document} was ready for the next step")
            life = facts.accepted[ending.reference]
            tally.violation(ending.txn, sentence, life.last, evidence, entities=(life.name, ending.document))
    unknown = UNLINKED.format(hidden) if hidden else ""
    return tally.findings(unknown if facts.has_settled else UNSETTLED)


def sales_sees_the_truth(facts: Facts) -> Findings:
    """The CRM shows each invoice of a quote as posted and as paid within the settling time."""
    tally = Tally("L3")
    shown: dict[str, Changed] = {change.id: change for change in facts.history.changes("mirror", "crm")}
    for life in facts.lives("invoice", "billing").values():
        reference = invoice_of(life).ref
        if reference not in facts.accepted or life.is_seeded or life.status == "voided":
            continue
        for statuses, word in ((BILLED, "posted"), (("paid",), "paid")):
            fact_us = life.since(statuses)
            if fact_us is None or not facts.is_due(fact_us):
                continue
            tally.examined += 1
            last = shown.get(whole_of(reference))
            is_seen = last is not None and (last.at_us >= fact_us or _shows(facts, last, life))
            if not is_seen and not _in_hand(facts, life) and reference not in facts.excused:
                sentence = (
                    f"invoice {life.id} was {word}, and the CRM still shows {_picture(last, invoice_of(life).currency)}"
                )
                evidence: Evidence = (fact_us, f"invoice {life.id} was {word} in billing")
                seen = (last,) if last is not None else ()
                tally.violation(life.txn, sentence, *seen, evidence, life.last, entities=(life.name,))
    return tally.findings("" if facts.has_settled else UNSETTLED)


def _shows(facts: Facts, mirror: Changed, invoice: Life) -> bool:
    """Tell whether what sales sees is true already: a black box that says it once more changes nothing in the CRM."""
    document = document_of(mirror)
    seen = (document.invoice_status, document.invoice_balance_minor)
    return not facts.context.inside and seen == (invoice.status, invoice_of(invoice).balance_minor)


def _picture(mirror: Changed | None, currency: str) -> str:
    if mirror is None:
        return "nothing of it"
    document = document_of(mirror)
    status = document.invoice_status or document.order_status or "no status"
    return f"{mirror.id} as {status} with {said(document.invoice_balance_minor, currency)} open"


def cases_are_owned(facts: Facts) -> Findings:
    """Every exception case has an owner, a due time and a reason that is no bug of ours, and is escalated in time."""
    tally = Tally("L4")
    for name, records in facts.cases.items():
        last = records[-1]
        tally.examined += 1
        if last.code.startswith("INTERNAL."):
            sentence = f"case {name} is the integration's own fault ({last.code}): {last.detail}"
            tally.violation(last.txn, sentence, records[0], last, entities=(name,))
        missing = [word for word, there in _completeness(last) if not there]
        if missing:
            sentence = f"case {name} has no {' and no '.join(missing)}"
            tally.violation(last.txn, sentence, records[0], last, entities=(name,))
        ended_us = next((r.at_us for r in records if r.status in CASE_CLOSED), facts.context.horizon_us)
        escalated = any(r.status == "escalated" and r.at_us <= r.due_us + _SLACK_US for r in records)
        if ended_us > last.due_us + _SLACK_US and not escalated and last.due_us > last.opened_us:
            sentence = f"case {name} of {last.owner} ran past its due time and was never escalated"
            tally.violation(last.txn, sentence, records[0], last, entities=(name,))
    return tally.findings()


def _completeness(case: Case) -> tuple[tuple[str, bool], ...]:
    return ("owner", bool(case.owner)), ("known reason", _is_known(case.code)), ("due time", case.due_us > 0)


def _is_known(code: str) -> bool:
    try:
        ErrorCode.parse(code)
    except ValueError:
        return False
    return True
