"""The reference page of the checks, made from the registry: `python -m contracts.checks.page` writes it."""

from __future__ import annotations

from pathlib import Path

from contracts.checks.elsewhere import DOMAIN, ELSEWHERE, RESILIENCE
from contracts.checks.kpi import KPIS
from contracts.checks.registry import CHECKS, judges
from contracts.checks.sla import LAST_DAYS, NORMAL, SLAS, Sla

PATH = Path("docs/reference/checks.md")
_CLASSES = {
    "S": "Identity",
    "O": "Order",
    "M": "Money",
    "P": "Policy",
    "L": "Liveness",
    "A": "Audit",
}
_HEAD = """# Checks

Made from the registry by `python -m contracts.checks.page`; do not edit.

A check reads a history and says **holds**, **broken** or **unknown**. A verdict is the worst of them: broken outweighs
unknown, unknown outweighs holds. Exit status: 0 holds, 1 broken (safety: S, O, M, P, A), 3 broken (liveness: L only),
4 unknown. A check that had nothing to judge makes the verdict unknown when the run should have had something (the last
column); a check that fails to run is unknown, never holds.

*Inside* checks read what only the reference integration tells; for a foreign integration they are skipped.
"""

_LISTS = """## The two lists

The checks come from the 54 rules of the resilience specification (S1 to A8) and the 36 of the domain specification
(I-01 to I-36). A check judges the rule that has its own id; the others are judged by:
"""


def page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for letter, title in _CLASSES.items():
        parts.append(f"## {title}\n\n| id | check | rule | judges in a run with |\n|---|---|---|---|")
        for check in CHECKS:
            if check.severity == letter:
                name = f"{check.title} *(inside)*" if check.inside else check.title
                parts.append(f"| {check.id} | {name} | {check.rule} | {check.needs} |")
        parts.append("")
    parts.extend(_lists())
    parts.append("## Service levels\n\n| id | clock | target | last 3 business days |\n|---|---|---|---|")
    parts.extend(_sla_row(sla) for sla in SLAS)
    parts.append("\n## Key figures\n\n| id | figure | unit | how |\n|---|---|---|---|")
    for key, title, unit, measure in KPIS:
        parts.append(f"| {key} | {title} | {unit} | {(measure.__doc__ or '').strip().splitlines()[0]} |")
    return "\n".join(parts) + "\n"


def _lists() -> list[str]:
    """Return the rules of the two lists: who judges each, and where the rest is shown."""
    rows = {rule: ", ".join(check.id for check in judges(rule)) for rule in (*RESILIENCE, *DOMAIN)}
    return [
        _LISTS,
        "| rule | checks |\n|---|---|",
        *[f"| {rule} | {checks} |" for rule, checks in rows.items() if checks and checks != rule],
        "\nNot seen in the history of one run:\n\n| rule | what | why not | shown by |\n|---|---|---|---|",
        *[f"| {row.id} | {row.rule} | {row.reason} | `{row.shown}` |" for row in ELSEWHERE],
        "",
    ]


def _sla_row(sla: Sla) -> str:
    columns = []
    for column in (NORMAL, LAST_DAYS):
        columns.append(", ".join(f"{target.percent:g} % in {_told(target.seconds)}" for target in sla.targets(column)))
    return f"| {sla.id} | {sla.title}: {sla.starts} to {sla.stops} | {columns[0]} | {columns[1]} |"


def _told(seconds: int) -> str:
    if not seconds:
        return "its own due time"
    return f"{seconds // 3600} h" if seconds >= 3600 else f"{seconds // 60} min"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
