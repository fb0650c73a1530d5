"""Keys: one message has one effect, one intent one key (S6, S7)."""

from __future__ import annotations

import re

from contracts.checks.facts import ERPS, Facts
from contracts.checks.verdict import Findings, Tally
from domain.history import Applied, Arrived, Attempted, Delivered, Flow

ONCE = frozenset({"create_subscription", "put_task", "create_task", "put_order", "create_order", "upsert_order"})
"""Operations that a business transaction needs once: a second key after trouble is a second intent."""

_QUOTES, _ACCEPTED = "accepted_quote", "quote.accepted"
_TRANSIENT = frozenset({0, 408, 409, 425, 429})
_RETRY_SUFFIX = re.compile(r"[~#/:._](retry|attempt|try)?[-_]?\d+|-(retry|attempt|try)[-_]?\d*")
Trouble = dict[tuple[str, str, str], dict[str, Attempted]]


def applied_once(facts: Facts) -> Findings:
    """No consumer applies one message twice, however often it is delivered, and what was acknowledged is applied."""
    tally = Tally("S6")
    seen: dict[tuple[str, str, str], Applied] = {}
    for applied in facts.history.of(Applied):
        tally.examined += 1
        first = seen.setdefault((applied.consumer, applied.system, applied.message), applied)
        if first is not applied:
            sentence = f"{applied.consumer} applied message {applied.message} of {applied.system} twice"
            tally.violation(applied.txn, sentence, first, applied, entities=(applied.message,))
    _acknowledged_in_vain(tally, facts)
    return tally.findings()


def _acknowledged_in_vain(tally: Tally, facts: Facts) -> None:
    """Find accepted quotes whose message was acknowledged, and that were begun later because somebody came across them.

    What is acknowledged is stored with the flow it starts: one that begins after that began without the message.
    """
    taken = {applied.txn for applied in facts.history.of(Applied) if applied.consumer == _QUOTES}
    begun: dict[str, Flow] = {}
    for flow in facts.history.of(Flow):
        if flow.name == _QUOTES and flow.status == "started":
            begun.setdefault(flow.txn, flow)
    for told in facts.history.of(Delivered):
        flow_begun = begun.get(told.txn)
        if told.topic != _ACCEPTED or not told.genuine or not 200 <= told.status < 300 or flow_begun is None:
            continue
        tally.examined += 1
        if told.at_us < flow_begun.at_us and told.txn not in taken:
            sentence = f"{told.system} was told that {told.message} is taken, and {flow_begun.flow} began without it"
            tally.violation(told.txn, sentence, told, flow_begun, entities=(told.message,))


def key_discipline(facts: Facts) -> Findings:
    """One key stands for one request, and every attempt of an intent carries the same key.

    A call whose outcome is unknown, or that failed for a passing reason, is repeated under its own key. A new one is
    right only when the peer replays a stored 5xx for the old one (its key store made the error sticky). Whoever begins
    the whole step again, as when a person drives it again, begins with its first key: that is not a new one, as long as
    the last one never reached the peer.
    """
    tally = Tally("S7")
    sticky = {each.number for each in facts.history.of(Arrived) if each.status >= 500 and each.effect == "replayed"}
    bodies: dict[tuple[str, str, str], Attempted] = {}
    troubled: Trouble = {}
    by_body: Trouble = {}
    used: set[tuple[str, str]] = set()
    for attempt in facts.history.of(Attempted):
        if not attempt.write or not attempt.key:
            continue
        tally.examined += 1
        if not _is_upsert(attempt):
            _one_request_per_key(tally, bodies, attempt)
        group = (attempt.system, attempt.operation, attempt.txn)
        body = (attempt.system, attempt.operation, attempt.fingerprint)
        for table, name in ((troubled, group), (by_body, body)):
            if (attempt.system, attempt.key) in used:
                _forget_unsent(table.get(name), attempt)
            _one_key_per_intent(tally, table.get(name), attempt, same_body=table is by_body)
        used.add((attempt.system, attempt.key))
        is_trouble = _is_trouble(attempt) and attempt.number not in sticky
        for table, name in ((troubled, group), (by_body, body)):
            if is_trouble:
                table.setdefault(name, {})[attempt.key] = attempt
            elif name in table:
                table[name].pop(attempt.key, None)
    return tally.findings()


def _is_upsert(attempt: Attempted) -> bool:
    """Tell whether the key names a record that may be written again with new content (customers, mirrors, marks)."""
    if attempt.system == "crm":
        return True
    if attempt.system not in ERPS:
        return False
    return attempt.operation in ("update_invoice", "update_credit_memo") or (
        "customer" in attempt.operation and "payment" not in attempt.operation
    )


def _one_request_per_key(tally: Tally, bodies: dict[tuple[str, str, str], Attempted], attempt: Attempted) -> None:
    name = (attempt.system, attempt.operation, attempt.key)
    first = bodies.get(name)
    if first is None:
        if not _was_refused(attempt):
            bodies[name] = attempt
    elif first.fingerprint == attempt.fingerprint:
        if _was_refused(attempt):  # so nothing had come of the first one either: the key is free again
            del bodies[name]
    else:
        sentence = f"{attempt.system} got two different requests under the key {attempt.key} ({attempt.operation})"
        tally.violation(attempt.txn, sentence, first, attempt, entities=(attempt.key,))


def _was_refused(attempt: Attempted) -> bool:
    """Tell whether nothing came of an attempt for sure, so that its key may be used for a corrected request."""
    return attempt.outcome == "failed" and attempt.status not in (402, 409)


def _is_trouble(attempt: Attempted) -> bool:
    if attempt.outcome == "unknown":
        return True
    return attempt.outcome == "failed" and (attempt.status in _TRANSIENT or attempt.status >= 500)


def _forget_unsent(open_ones: dict[str, Attempted] | None, attempt: Attempted) -> None:
    """Forget trouble under other keys that no peer has ever seen, as an attempt goes back to a key of before."""
    if open_ones:
        unsent = [key for key, earlier in open_ones.items() if earlier.outcome == "failed" and earlier.status == 0]
        for key in unsent:
            if key != attempt.key:
                del open_ones[key]


def _one_key_per_intent(
    tally: Tally, open_ones: dict[str, Attempted] | None, attempt: Attempted, same_body: bool
) -> None:
    if not open_ones:
        return
    for key, earlier in list(open_ones.items()):
        if key == attempt.key or attempt.sent_us < earlier.at_us:
            continue
        if same_body or _is_derived(earlier, attempt):
            sentence = (
                f"{attempt.system} {attempt.operation}: the outcome under key {key} was {_told(earlier)}, "
                f"and it was asked for again under the new key {attempt.key}"
            )
            tally.violation(attempt.txn, sentence, earlier, attempt, entities=(key, attempt.key))
            del open_ones[key]


def _is_derived(earlier: Attempted, later: Attempted) -> bool:
    """Tell whether two keys of one operation and transaction stand for one intent: needed once, or made of each other.

    Equal bodies are left to the other table, so that nothing is reported twice.
    """
    if earlier.fingerprint == later.fingerprint:
        return False
    if earlier.operation in ONCE and later.txn:
        return True
    short, long = sorted((earlier.key, later.key), key=len)
    return long.startswith(short) and _RETRY_SUFFIX.fullmatch(long, len(short)) is not None


def _told(attempt: Attempted) -> str:
    reason = attempt.reason or str(attempt.status)
    return f"unknown ({reason})" if attempt.outcome == "unknown" else f"a passing failure ({reason})"
