"""Liveness: once faults have healed, everything ends, and everybody agrees (L1-L4).

Whatever became due at an instant must be done by then, or by the end of the faults, plus the settling time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from contracts.checks.causes import captured_at
from contracts.checks.facts import BILLED, BOOKED, CASE_CLOSED, Facts, base_of, decided_us, intent_of
from contracts.checks.lives import Life, document_of, quote_of
from contracts.checks.reasons import is_borne_out
from contracts.checks.stages import LIVE_TASK, Ending, endings
from contracts.checks.under_way import is_under_way
from contracts.checks.unlinked import Excuses
from contracts.checks.verdict import Findings, Tally
from domain.calendar import MINUTE_US
from domain.errors import ErrorCode
from domain.history import Attempted, Case, Crashed, Fired

UNSETTLED = "the run ended before the systems had their settling time after the faults"
_HELD = frozenset({"soft_hold", "hard_hold"})
_SLACK_US = MINUTE_US
_INVALID = frozenset({400, 422})
_LOOKED_UP_US = 5 * MINUTE_US  # what a refusal means is looked up first: the period may be closed
_ASKED = frozenset({"new", "reopened"})
_IN_VAIN = 4
"""What three corrections have not mended people cannot mend (they stop there themselves)."""
Gap = tuple[Life, int, str, bool]


def systems_converge(facts: Facts) -> Findings:
    """After the faults all systems come to agree: what one has, the next has too, within the settling time."""
    tally, excuses = Tally("L1"), Excuses(facts)
    under_way: list[tuple[Life, str]] = []
    for gaps in (_finance_gaps(facts), _sales_gaps(facts)):
        for life, due_us, missing, is_there in gaps:
            if not facts.is_due(due_us):
                under_way += [(life, missing)] if not is_there and is_under_way(facts, due_us) else []
                continue
            tally.examined += 1
            if not is_there and _is_missed(facts, excuses, life, missing):
                sentence = f"{life.name} ({life.status}) never reached the next system: there is no {missing}"
                tally.violation(life.txn, sentence, life.last, entities=(life.name,))
    tally.under_way = sum(_is_missed(facts, excuses, life, missing) for life, missing in under_way)
    return tally.findings(excuses.unjudged if facts.has_settled else UNSETTLED)


def _is_missed(facts: Facts, excuses: Excuses, life: Life, missing: str) -> bool:
    """Tell whether nothing excuses that the next system does not know a document."""
    if missing.endswith("in the ERP") and excuses.takes(life):
        return False
    return not _in_hand(facts, life)


def _finance_gaps(facts: Facts) -> Iterator[Gap]:
    for life in facts.lives("invoice", "billing").values():
        billed_us = life.since(BILLED)
        if billed_us is not None and not life.is_seeded:
            yield life, billed_us, "invoice in the ERP", life.id in facts.posted
    for life in facts.lives("credit_memo", "billing").values():
        if any(line.kind != "tax" for line in life.document.lines) and not life.is_seeded:
            known_us = _credit_known_us(facts, life)
            if known_us is not None:
                yield life, known_us, "credit memo in the ERP", life.id in facts.memos
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


def _credit_known_us(facts: Facts, memo: Life) -> int | None:
    """Return since when all of a credit is known: its tax is once the invoice it credits is closed; None before."""
    invoice = facts.lives("invoice", "billing").get(memo.document.invoice)
    if invoice is None or invoice.status == "voided":
        return memo.created_us
    billed_us = invoice.since(BILLED)
    return None if billed_us is None else max(memo.created_us, billed_us)


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
    """Return since when billing should know an order: since it was booked, and it is known that it renews itself.

    A black box may as well wait for the delivery; None while somebody works on that.
    """
    booked_us = order.since(BOOKED)
    if booked_us is None:
        return None
    quote = facts.accepted_by_txn.get(order.txn)
    due_us = max(booked_us, decided_us(facts, quote_of(quote)) if quote is not None else 0)
    if facts.context.inside:
        return due_us
    tasks = facts.tasks.get(order.txn, [])
    if any(task.status in LIVE_TASK for task in tasks):
        return None
    return max([due_us, *[task.entered.get("completed", 0) for task in tasks]])


def _in_hand(facts: Facts, life: Life) -> bool:
    if facts.is_in_hand(life):
        return True
    return life.last.kind == "customer" and any(life.id in flow.flow for flow in facts.parked)


def every_quote_ends(facts: Facts) -> Findings:
    """Every accepted quote ends paid, applied, cancelled or in the hands of a person, or waits for somebody else."""
    tally, excuses = Tally("L2"), Excuses(facts)
    for ending in endings(facts):
        tally.examined += 1
        if _may_be_posted(facts, excuses, ending) or not ending.is_ours:
            continue
        tally.under_way += is_under_way(facts, ending.since_us)
        if facts.is_due(ending.since_us):
            sentence = f"quote {ending.reference} got stuck: it is {ending.stage} and nobody works on it"
            evidence = (ending.since_us, f"{ending.document} was ready for the next step")
            life = facts.accepted[ending.reference]
            tally.violation(ending.txn, sentence, life.last, evidence, entities=(life.name, ending.document))
    return tally.findings(excuses.unjudged if facts.has_settled else UNSETTLED)


def _may_be_posted(facts: Facts, excuses: Excuses, ending: Ending) -> bool:
    """Tell whether what the ERP has to be told to get a quote on may be there without a name."""
    if ending.stage == "unposted":
        return excuses.takes(facts.lives("invoice", "billing")[ending.id])
    if ending.stage != "unapplied":
        return False
    captured = [life for life in facts.payments.get(ending.id, []) if captured_at(life) is not None]
    return bool(captured) and all(excuses.takes(life) for life in captured)


def cases_are_owned(facts: Facts) -> Findings:
    """Every exception case has an owner, a due time and a true reason, no bug of ours, and is escalated in time."""
    tally = Tally("L4")
    downtimes = [(crash.at_us, crash.back_us) for crash in facts.history.of(Crashed)]
    for name, records in facts.cases.items():
        last = records[-1]
        tally.examined += 1
        if last.code.startswith("INTERNAL."):
            sentence = f"case {name} is the integration's own fault ({last.code}): {last.detail}"
            tally.violation(last.txn, sentence, records[0], last, entities=(name,))
        elif not is_borne_out(facts, records[0]):
            sentence = (
                f"case {name} asks people without cause: nothing that bears {records[0].code} out was seen before"
            )
            tally.violation(last.txn, sentence, records[0], entities=(name,))
        missing = [word for word, there in _completeness(last) if not there]
        if missing:
            sentence = f"case {name} has no {' and no '.join(missing)}"
            tally.violation(last.txn, sentence, records[0], last, entities=(name,))
        ended_us = next((r.at_us for r in records if r.status in CASE_CLOSED), facts.context.horizon_us)
        latest_us = _awake_us(downtimes, last.due_us) + _SLACK_US + facts.set_back_us  # by its own clock
        escalated = any(r.status == "escalated" and r.at_us <= latest_us for r in records)
        if ended_us > latest_us and not escalated and last.due_us > last.opened_us:
            sentence = f"case {name} of {last.owner} ran past its due time and was never escalated"
            tally.violation(last.txn, sentence, records[0], last, entities=(name,))
    _asked_in_vain(tally, facts)
    return tally.findings()


def _asked_in_vain(tally: Tally, facts: Facts) -> None:
    """Find requests that were refused as invalid, unchanged, and became a case each time.

    What people can mend is mended by then: what is left is wrong with the request, and only its sender can mend that.
    While its system's interface drifts, a field locked or wanted anew, it is for them to have that taken back.
    What has no key of its own may be asked each time anew: whether a period can be closed by now.
    """
    opened: dict[str, list[int]] = {}
    for case in facts.history.of(Case):
        if case.status in _ASKED:
            opened.setdefault(case.txn, []).append(case.at_us)
    struck = {fired.number for fired in facts.history.of(Fired)} if opened else set()
    is_drifting = facts.context.is_drifting
    refused: dict[tuple[str, str, str, str], list[Attempted]] = {}
    for attempt in facts.history.of(Attempted) if opened else ():
        is_invalid = (
            attempt.status in _INVALID
            and attempt.number not in struck
            and not is_drifting(attempt.system, attempt.sent_us, attempt.at_us)
        )
        if attempt.key and attempt.write and is_invalid:
            intent = (attempt.system, attempt.operation, attempt.key, attempt.fingerprint)
            refused.setdefault(intent, []).append(attempt)
    for (system, operation, key, _), attempts in refused.items():
        tally.examined += 1
        times = len({_asked_us(opened.get(each.txn, ()), each.at_us) for each in attempts} - {0})
        if times >= _IN_VAIN:
            sentence = (
                f"{system} {operation} {key} was refused as invalid ({attempts[0].status}) {times} times, "
                "unchanged: people were asked to mend what only its sender can"
            )
            tally.violation(attempts[0].txn, sentence, *attempts[:2], entities=(key,))


def _asked_us(opened_us: Sequence[int], refused_us: int) -> int:
    """Return when people were first asked soon after a refusal, 0 when they were not."""
    index = bisect_left(opened_us, refused_us)
    is_soon = index < len(opened_us) and opened_us[index] <= refused_us + _LOOKED_UP_US
    return opened_us[index] if is_soon else 0


def _awake_us(downtimes: list[tuple[int, int]], due_us: int) -> int:
    """Return when a process could act on what was due: once it was back for good, if it was dead then."""
    awake_us = due_us
    for down_us, back_us in downtimes:
        if down_us <= awake_us + _SLACK_US * (awake_us > due_us):
            awake_us = max(awake_us, back_us)
    return awake_us


def _completeness(case: Case) -> tuple[tuple[str, bool], ...]:
    return ("owner", bool(case.owner)), ("known reason", _is_known(case.code)), ("due time", case.due_us > 0)


def _is_known(code: str) -> bool:
    try:
        ErrorCode.parse(code)
    except ValueError:
        return False
    return True
