"""The reference page of the rules of `q2c verify`, made from their tables: `python -m contracts.verification.page`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from contracts.compatibility import bidirectional
from contracts.compatibility.rules import RULES
from contracts.conformance import client, lifecycle, server, webhooks
from contracts.conformance.assertion import Assertion
from contracts.findings import Rule
from contracts.fuzzing import running as fuzzing
from contracts.governance import rules as governance
from contracts.pacting import lint
from contracts.pacting import suite as pacting
from contracts.responses import suite as responses

PATH = Path("docs/reference/rules.md")
_HEAD = """# Rules

Made from the code by `python -m contracts.verification.page`; do not edit.

A finding names a rule, a place and what to do. An *error* breaks a contract (exit status 1), a *warning* is told, a
*note* is told when asked for. A team can accept a finding for a while, with a reason and a last day.
"""
_PROMISES = (
    ("Promises of an API that takes idempotency keys", "q2c conformance server", server.PROMISES.assertions),
    ("Promises of who calls one", "q2c conformance client", client.PROMISES.assertions),
    ("Promises of who receives webhooks", "q2c conformance webhooks", webhooks.RECEIVER.assertions),
    ("Promises of who sends webhooks", "q2c conformance webhooks --sender", webhooks.SENDER.assertions),
    ("Promises of an API that grows old", "q2c conformance lifecycle", lifecycle.PROMISES.assertions),
)

_FUZZ = {rule.id: rule for rule in fuzzing.RULES.values()}


def rules() -> dict[str, Rule]:
    """Return every rule by its id."""
    promises = {each.id: each.rule for _, _, assertions in _PROMISES for each in assertions}
    return {**promises, **RULES, **bidirectional.RULES, **responses.RULES, **_FUZZ, **lint.RULES, **pacting.RULES,
            **governance.RULES}  # fmt: skip


def page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD]
    for title, command, assertions in _PROMISES:
        parts.append(f"## {title}\n\n`{command}` tries them.\n\n| id | level | promise | source |\n|---|---|---|---|")
        parts.extend(_promise(each) for each in assertions)
        parts.append("")
    parts.append("## Compatibility of documents\n\n`q2c contracts diff` finds them.\n")
    parts.extend(_table(RULES.values()))
    parts.append("\n## Pacts against documents\n")
    parts.extend(_table(bidirectional.RULES.values()))
    parts.append("\n## Providers against pacts\n")
    parts.extend(_table([*pacting.RULES.values(), *lint.RULES.values()]))
    parts.append("\n## Governance\n\n`[[verify.governance]]` holds them against a registry.\n")
    parts.extend(_table(governance.RULES.values()))
    parts.append("\n## Consumers of changed answers\n\n`[[verify.responses]]` tries them.\n")
    parts.extend(_table(responses.RULES.values()))
    parts.append("\n## Fuzzing of providers\n\n`[[verify.fuzz]]` tries them.\n")
    parts.extend(_table(_FUZZ.values()))
    return "\n".join(parts) + "\n"


def _promise(each: Assertion) -> str:
    return f'| <a id="{each.id.lower()}"></a>{each.id} | {each.level} | {each.sentence} | {each.source} |'


def _table(found: Iterable[Rule]) -> list[str]:
    rows = ["| id | severity | rule | why |", "|---|---|---|---|"]
    for rule in found:
        anchor = rule.page.partition("#")[2]
        rows.append(f'| <a id="{anchor}"></a>`{rule.id}` | {rule.severity} | {rule.sentence} | {rule.why} |')
    return rows


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
