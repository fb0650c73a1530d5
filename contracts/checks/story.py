"""Stories: the smallest account of a violation in business words, for people who do not read records.

A story is a list of (instant, sentence) of one business transaction: what the evidence says, the attempts that went
wrong around it, and what it led to.
"""

from __future__ import annotations

from contracts.checks.facts import Facts
from contracts.checks.verdict import Evidence, Violation, instant_of
from domain.history import Applied, Attempted, Case, Changed, Delivered, Fired, Flow, Record
from domain.money import said

Line = tuple[int, str]
LINES_MAX = 12
_WORDS = {
    "add_charge": "the tax charge",
    "close_invoice": "the closing of the invoice",
    "create_payment_intent": "the payment",
    "create_subscription": "the subscription",
    "create_transaction": "the tax document",
    "put_task": "the fulfilment task",
    "record_payment": "the record of the payment",
    "transform_order": "the fulfilment of the order",
    "update_subscription": "the change of the subscription",
    "upsert_customer": "the customer",
    "upsert_invoice": "the invoice posting",
    "upsert_order": "the order",
    "upsert_payment": "the cash posting",
}
_FAULTS = {
    "lost_reply": "the work was done, but the reply was lost",
    "reset_after": "the work was done, but the connection broke before the reply",
    "closed_after": "the work was done, but the connection was closed without a reply",
    "truncated_after": "the work was done, but the reply was cut off",
    "drip_after": "the work was done, but the reply took too long to come in",
    "error_after": "the work was done, but the answer was an error",
    "sticky_error": "it failed, and the failure is remembered for its key",
    "late_arrival": "nobody waited for it any more when it arrived",
    "duplicate": "the message came more than once",
    "reorder": "a later message overtook it",
    "delay": "the message came late",
    "loss": "the message never came",
    "stale_snapshot": "the message showed what had been, not what was",
    "renumbered": "the same was told again under another id",
    "backlog": "the message came with all others, late",
    "blocked_queue": "the message waited behind one that did not get through",
    "slow_intake": "its sender never heard that it was taken",
    "secret_rotated": "the message was signed with a secret that the receiver did not know",
}


def story_of(violation: Violation, facts: Facts) -> tuple[Line, ...]:
    """Return the story of a violation, in order of time; its last line is the violated fact itself.

    Around the evidence the story tells each troubled attempt of the same transaction and what followed under another
    key or again, and the injected faults behind them. It has at most a dozen lines.
    """
    lines: dict[Line, None] = {}
    for evidence in violation.evidence:
        lines[instant_of(evidence), _told(evidence)] = None
    systems = {record.system for record in violation.evidence if isinstance(record, Attempted | Changed)}
    if violation.txn:
        for line in _trouble(violation, facts, systems):
            lines[line] = None
    ordered = sorted(lines)
    if len(ordered) > LINES_MAX - 1:
        ordered = ordered[: LINES_MAX // 2] + ordered[-(LINES_MAX - 1 - LINES_MAX // 2) :]
    end_us = ordered[-1][0] if ordered else facts.context.horizon_us
    return (*ordered, (end_us, violation.sentence))


def _trouble(violation: Violation, facts: Facts, systems: set[str]) -> list[Line]:
    """Tell the attempts of the transaction that went wrong, and the next attempt of the same operation."""
    faults = {
        fired.number: _FAULTS[fired.kind]
        for fired in facts.history.of(Fired)
        if fired.txn == violation.txn and fired.kind in _FAULTS
    }
    waiting: dict[tuple[str, str], Attempted] = {}
    lines: list[Line] = []
    for attempt in facts.history.of(Attempted):
        if attempt.txn != violation.txn or not attempt.write or (systems and attempt.system not in systems):
            continue
        name = (attempt.system, attempt.operation)
        earlier = waiting.pop(name, None)
        if earlier is not None:
            lines.append((attempt.sent_us, _again(earlier, attempt)))
        if attempt.outcome != "ok":
            lines.append((attempt.at_us, _went_wrong(attempt, faults.get(attempt.number, ""))))
            waiting[name] = attempt
    return lines


def _again(earlier: Attempted, attempt: Attempted) -> str:
    how = "under the same key" if earlier.key == attempt.key else f"under a new key, {attempt.key}"
    end = "and succeeded" if attempt.outcome == "ok" else "and failed again"
    return f"{_what(attempt)} was sent again {how}, {end}"


def _went_wrong(attempt: Attempted, fault: str) -> str:
    what = f"{_what(attempt)} was sent to {attempt.system}"
    if fault:
        return f"{what}: {fault}"
    if attempt.outcome == "unknown":
        return f"{what}, and nobody knows whether it arrived ({attempt.reason or attempt.status})"
    return f"{what} and refused ({attempt.status or attempt.reason})"


def _what(attempt: Attempted) -> str:
    return f"{_WORDS.get(attempt.operation, attempt.operation.replace('_', ' '))} {attempt.key}".strip()


def _told(evidence: Evidence) -> str:
    if isinstance(evidence, tuple):
        return evidence[1]
    return _sentence(evidence)


def _sentence(record: Record) -> str:
    if isinstance(record, Changed):
        return _changed(record)
    if isinstance(record, Attempted):
        end = {"ok": "succeeded", "failed": "was refused", "unknown": "ended without an answer"}[record.outcome]
        return f"{_what(record)} was sent to {record.system} and {end} ({record.reason or record.status})"
    if isinstance(record, Delivered):
        copy = "" if record.genuine else "forged copy of "
        return f"the {copy}message {record.message} ({record.topic}) of {record.system} was answered {record.status}"
    if isinstance(record, Applied):
        return f"{record.consumer} acted on message {record.message} of {record.system}"
    if isinstance(record, Case):
        return f"case {record.case} ({record.code}) of {record.owner} is {record.status}"
    if isinstance(record, Flow):
        return f"flow {record.flow} is {record.status}"
    return f"{type(record).__name__.lower()} at this instant"


def _changed(change: Changed) -> str:
    kind = change.kind.replace("_", " ")
    document = change.document
    currency = getattr(document, "currency", "")
    amount = getattr(document, "total_minor", getattr(document, "amount_minor", None))
    worth = f" over {said(amount, currency)}" if amount is not None and currency else ""
    if not change.before:
        return f"{change.system} has a new {kind} {change.id}{worth}, {change.status.replace('_', ' ')}"
    if change.before == change.status:
        return f"{change.system} changed {kind} {change.id}{worth}"
    return f"{kind} {change.id}{worth} in {change.system} went from {change.before} to {change.status}"
