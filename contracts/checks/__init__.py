"""Checks: pure functions that turn a history into a verdict, and what a report wants to know of the same history.

    judge                   runs the checks; returns a Verdict (judge.py)
    Verdict, Result         three-valued results with evidence and exit status (verdict.py)
    Violation, Findings     what one check found (verdict.py)
    CHECKS, Check, BY_ID    the table of checks (registry.py)
    Facts                   what several checks share; pass one to all of these to save time (facts.py)
    endings, Ending         where each accepted quote stood at the end (stages.py)
    sla_results             the service levels of the trade, measured (sla.py)
    kpi_results             the key figures of the trade, measured (kpi.py)
    coverage_of             which faults hit which operations, which states were visited (coverage.py)
    reconcile               money by legal entity and currency, system by system (reconciliation.py)
    story_of                the smallest story of a violation, in business words (story.py)

Checks see a history and the words of the domain, nothing else: they compute with their own arithmetic, so that they
share no mistake with the systems they judge. `docs/reference/checks.md` lists the rules.
"""
