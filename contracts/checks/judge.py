"""The judge: runs the checks over a history and composes their verdict."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.checks.audit import same_digest
from contracts.checks.facts import Facts
from contracts.checks.registry import BY_ID, CHECKS, NEEDS, Check
from contracts.checks.under_way import advice
from contracts.checks.verdict import BROKEN, HOLDS, UNKNOWN, Findings, Result, Verdict, compose
from domain.history import History


def judge(
    history: History,
    digests: tuple[str, str] | None = None,
    only: Sequence[str] | None = None,
    facts: Facts | None = None,
) -> Verdict:
    """Return the verdict on a history.

    `digests` are those of two runs of the same seed (A5); `only` names the checks to run (all, by default; a KeyError
    names an unknown one). Pass `facts` of the same history to share what other reports have worked out already.
    """
    chosen = CHECKS if only is None else tuple(BY_ID[check] for check in only)
    known = facts or Facts(history)
    return compose([result_of(check, known, digests) for check in chosen])


def result_of(check: Check, facts: Facts, digests: tuple[str, str] | None = None) -> Result:
    """Run one check; whatever goes wrong inside it makes its result unknown, never holds."""
    if check.inside and not facts.context.inside:
        reason = f"{check.id} reads what only the reference integration tells; skipped for {facts.context.integration}"
        return Result(check=check.id, status=UNKNOWN, reason=reason, counted=False)
    try:
        if check.id == "A5" and digests is not None:
            return _result(check, same_digest(*digests), facts)
        return _result(check, check.function(facts), facts)
    except Exception as failure:  # a check that fails proves nothing (Jepsen's check-safe)
        reason = f"the check itself failed: {type(failure).__name__}: {failure}"
        return Result(check=check.id, status=UNKNOWN, reason=reason)


def _result(check: Check, findings: Findings, facts: Facts) -> Result:
    status, reason, counted = HOLDS, "", True
    if findings.broken:
        status = BROKEN
    elif findings.unjudged or findings.under_way:
        status, reason, counted = UNKNOWN, _why(findings, facts), not findings.idle
    elif findings.examined == 0:
        counted = NEEDS[check.needs](facts) and facts.is_complete
        status, reason = UNKNOWN, "nothing to judge"
        if counted:
            reason = f"nothing to judge, although the run should have had some ({check.needs})"
    return Result(
        check=check.id, status=status, violations=findings.violations, reason=reason, examined=findings.examined,
        broken=findings.broken, under_way=findings.under_way, counted=counted, notes=findings.notes,
    )  # fmt: skip


def _why(findings: Findings, facts: Facts) -> str:
    if not findings.under_way:
        return findings.unjudged
    left = f"{findings.under_way:,} still on the way when the run ended; {advice(facts)}"
    return f"{findings.unjudged}; {left}" if findings.unjudged else left
