"""Unhandled: what a program does not do even when nothing goes wrong, and where to hunt for what it does.

A hunt begins with a calm run. Whoever breaks a rule there has no fault to blame: mostly it is business that the program
was never made for, and as long as the scenario has it, no hunt comes further.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from q2c.hunting.simpler import contract_of
from q2c.hunting.trial import Broken, Trial, timeline_of
from q2c.report import names
from web.words import listed

WAY_OUT = (
    "Hunt in a scenario of the business that it is made for: examples/afternoon.yaml is one of new orders only, and "
    "docs/how-to/rehearse-your-asyncio-integration.md tells how to write your own"
)


def advice_for(trial: Trial, broken: Iterable[Broken]) -> str:
    """Return what to tell whose own program broke rules in a calm run; empty when there were faults, or it is ours."""
    if not trial.target or trial.faults:
        return ""
    kinds = unhandled(trial, broken)
    what = f"business that it may not handle yet: {listed(kinds)}" if kinds else "more than it handles"
    return f"No fault was planned in this run: the scenario has {what}. {WAY_OUT}."


def unhandled(trial: Trial, broken: Iterable[Broken]) -> tuple[str, ...]:
    """Return the kinds of business of which lifecycles broke a rule, each with how many of how many did."""
    named = {txn.partition(".")[0] for each in broken for txn in each.transactions}
    kinds = {
        act.txn: _kind(str(act.arguments.get("kind", "")), str(act.arguments.get("amendment_kind", "")))
        for act in timeline_of(trial).acts
        if act.action == "create_quote"
    }
    there = Counter(kinds.values())
    bad = Counter(kind for txn, kind in kinds.items() if txn in named or contract_of(txn) in named)
    return tuple(f"{kind} ({count} of {there[kind]})" for kind, count in sorted(bad.items()))


def _kind(kind: str, amendment: str) -> str:
    return f"amendments by {names.operation(amendment)}" if amendment else names.KINDS.get(kind, kind)
