"""The page of a verification: the answer first, then what to mend, then each suite; one file, for reading offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from contracts.findings import Finding, Outcome, Rule, Tally, worst
from contracts.verification.baseline import Accepted, Sorted
from contracts.verification.mutants import kills, table
from web.blocks import Block, Cell, Figure, Figures, Fold, Group, Items, Section, Table, Text, columns, row
from web.forms import Code, Links
from web.shell import Page, render
from web.words import count, counted

ANSWERS: Mapping[Outcome, str] = {
    "holds": "The contracts hold.",
    "broken": "A contract is broken.",
    "unknown": "Nothing was proved: a suite found nothing to check.",
    "could not run": "Not everything could run; that is no success.",
}
TONES: Mapping[Outcome, str] = {"holds": "good", "broken": "bad", "unknown": "warn", "could not run": "warn"}
_SEVERITIES = {"error": "bad", "warning": "warn", "note": ""}
_OPEN_MAX = 40
"""So many findings of a suite are shown open; more of them are in a fold."""
_REMARKS_MAX = 300
_NOTICED_MAX = 6
_EVIDENCE_CHARACTERS_MAX = 6_000


def html_of(found: Sorted, rules: Mapping[str, Rule], configuration: str, tool_version: str) -> str:
    """Return the page of a verification as one self-contained HTML document."""
    return render(page_of(found, rules, configuration, tool_version))


def page_of(found: Sorted, rules: Mapping[str, Rule], configuration: str, tool_version: str) -> Page:
    """Return the page; the same result gives the same page but for the seconds."""
    suites = [_suite(number, tally, rules) for number, tally in enumerate(found.tallies, 1)]
    used = [rules[name] for name in sorted({each.rule for each in found.findings} & rules.keys())]
    return Page(
        title="Do the contracts hold?",
        kind="q2c verify",
        lede=f"By {configuration}: {counted(len(found.tallies), 'suite')}, what each looked at and what it found.",
        sections=(
            _answer(found, rules),
            *suites,
            *([_baseline(found, rules)] if found.accepted or found.expired or found.stale else []),
            *([_rules(used)] if used else []),
            mutants(),
        ),
        footer=f"q2c-harness {tool_version}. Machines read verify.json, verify.xml and verify.sarif beside this page.",
    )


# --- the answer -----------------------------------------------------------------------------------------------------


def _answer(found: Sorted, rules: Mapping[str, Rule]) -> Section:
    outcome = worst(tally.outcome for tally in found.tallies)
    errors = [(tally, finding) for tally in found.tallies for finding in tally.findings if finding.severity == "error"]
    blocks: list[Block] = [Text(ANSWERS[outcome], TONES[outcome]), Figures(_figures(found, len(errors)))]
    if errors:
        caption = "What to mend" if len(errors) <= _OPEN_MAX else f"What to mend (the first {_OPEN_MAX})"
        rows = tuple(
            row(
                finding.subject,
                _ruled(finding.rule, rules),
                _shortly(finding.message),
                _where(finding),
            )
            for _, finding in errors[:_OPEN_MAX]
        )
        blocks.append(Table(caption=caption, columns=columns("about", "rule", "what is wrong", "where"), rows=rows))
    unable = tuple(f"{tally.suite}: {tally.could_not_run}" for tally in found.tallies if tally.could_not_run)
    if unable:
        blocks.append(Group("What could not run", (Items(unable),)))
    rows = tuple(_line(number, tally) for number, tally in enumerate(found.tallies, 1))
    titles = columns("suite", "result", "#checked", "#errors", "#warnings", "#skipped", "#seconds")
    blocks.append(Table(caption="Suites", columns=titles, rows=rows, empty="No suite was run."))
    return Section("answer", "Answer", tuple(blocks))


def _figures(found: Sorted, errors: int) -> tuple[Figure, ...]:
    tallies = found.tallies
    warnings = sum(_counted(tally, "warning") for tally in tallies)
    skipped = sum(len(tally.skipped) for tally in tallies)
    return (
        Figure(label="Checked", value=count(sum(tally.checked for tally in tallies)), note="assertions"),
        Figure(label="Broken", value=count(errors), tone="bad" if errors else "good"),
        Figure(label="Warnings", value=count(warnings), tone="warn" if warnings else ""),
        Figure(label="Skipped", value=count(skipped), note="each with its reason"),
        Figure(label="Accepted", value=count(len(found.accepted)), note="set aside until their day"),
    )


def _line(number: int, tally: Tally) -> tuple[Cell, ...]:
    return row(
        Cell(tally.suite, href=f"#suite-{number}"), Cell(tally.outcome, TONES[tally.outcome]), count(tally.checked),
        count(_counted(tally, "error")), count(_counted(tally, "warning")), count(len(tally.skipped)),
        f"{tally.seconds:.1f}",
    )  # fmt: skip


def _counted(tally: Tally, severity: str) -> int:
    return sum(finding.severity == severity for finding in tally.findings)


def _shortly(message: str) -> str:
    return message if len(message) <= 240 else f"{message[:239]}…"


def _where(finding: Finding) -> str:
    return str(finding.place) if finding.place else ""


# --- a suite --------------------------------------------------------------------------------------------------------


def _suite(number: int, tally: Tally, rules: Mapping[str, Rule]) -> Section:
    blocks: list[Block] = [Text(_said(tally), TONES[tally.outcome])]
    errors = [finding for finding in tally.findings if finding.severity == "error"]
    others = [finding for finding in tally.findings if finding.severity != "error"]
    blocks.extend(_finding(finding, rules) for finding in errors[:_OPEN_MAX])
    if len(errors) > _OPEN_MAX:
        rest = tuple(_finding(finding, rules) for finding in errors[_OPEN_MAX:])
        blocks.append(Fold(f"{counted(len(rest), 'further finding')}", rest))
    if others:
        blocks.append(Fold(counted(len(others), "warning or note", "warnings and notes"), (_remarks(others, rules),)))
    if tally.skipped:
        rows = tuple(row(name, reason) for name, reason in tally.skipped)
        table = Table(caption="Skipped, and why", columns=columns("what", "why"), rows=rows)
        blocks.append(Fold(f"{count(len(rows))} skipped", (table,)))
    if tally.passed:
        blocks.append(Fold(f"{count(len(tally.passed))} held", (Items(tally.passed),)))
    return Section(f"suite-{number}", tally.suite, tuple(blocks))


def _said(tally: Tally) -> str:
    if tally.could_not_run:
        return f"It could not run: {tally.could_not_run}"
    figures = f"{counted(tally.checked, 'assertion')} checked in {tally.seconds:.1f} s"
    if tally.outcome == "unknown":
        return f"Nothing was checked, so nothing is known; {counted(len(tally.skipped), 'assertion')} skipped."
    errors = _counted(tally, "error")
    return f"{'Broken' if errors else 'It holds'}: {figures}, {count(errors)} broken."


def _finding(finding: Finding, rules: Mapping[str, Rule]) -> Group:
    rule = rules.get(finding.rule)
    told = [f"Where: {_where(finding)}"] if finding.place else []
    if rule is not None:
        told.append(f"Rule: {rule.sentence}")
        told += [f"Why: {rule.why}"] if rule.why else []
        told += [f"Source: {rule.source}"] if rule.source else []
        told += [f"How to mend it: {rule.example}"] if rule.example else []
    told.append(f"Fingerprint: {finding.fingerprint}")
    blocks: list[Block] = [Text(finding.message, _SEVERITIES[finding.severity]), Items(tuple(told))]
    if finding.evidence:
        text = "\n".join(finding.evidence)[:_EVIDENCE_CHARACTERS_MAX]
        blocks.append(Code(f"Evidence of {finding.rule}: {finding.subject}", text))
    if rule is not None:
        blocks.append(Links(((f"The rule {finding.rule}", f"#{_anchor(finding.rule)}"),)))
    return Group(f"{finding.rule}: {finding.subject}", tuple(blocks))


def _remarks(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> Table:
    rows = tuple(
        row(
            finding.subject, Cell(finding.severity, _SEVERITIES[finding.severity]),
            _ruled(finding.rule, rules), finding.message, _where(finding),
        )
        for finding in findings[:_REMARKS_MAX]
    )  # fmt: skip
    more = f" (the first {_REMARKS_MAX} of {count(len(findings))})" if len(findings) > _REMARKS_MAX else ""
    titles = columns("about", "severity", "rule", "what", "where")
    return Table(caption=f"Warnings and notes{more}", columns=titles, rows=rows)


def _ruled(rule: str, rules: Mapping[str, Rule]) -> Cell:
    return Cell(rule, href=f"#{_anchor(rule)}") if rule in rules else Cell(rule)


def _anchor(rule: str) -> str:
    return "rule-" + re.sub(r"[^a-z0-9]+", "-", rule.lower())


# --- what belongs to all --------------------------------------------------------------------------------------------


def _baseline(found: Sorted, rules: Mapping[str, Rule]) -> Section:
    blocks: list[Block] = []
    if found.expired:
        blocks.append(Text("What is no longer accepted counts again: mend it, or accept it anew with a day.", "bad"))
    blocks.append(
        Table(
            caption="Accepted findings", columns=columns("about", "rule", "standing", "until", "reason", "by"),
            rows=(
                *(_kept(pair, "accepted", "", rules) for pair in found.accepted),
                *(_kept(pair, "expired", "bad", rules) for pair in found.expired),
            ),
            empty="None of what was found is accepted.",
        )
    )  # fmt: skip
    if found.stale:
        told = tuple(f"{each.rule} {each.subject} ({each.fingerprint}): {each.reason}" for each in found.stale)
        blocks.append(Group("Accepted, but gone: remove them from the baseline", (Items(told),)))
    return Section("baseline", "Baseline", tuple(blocks))


def _kept(pair: tuple[Finding, Accepted], standing: str, tone: str, rules: Mapping[str, Rule]) -> tuple[Cell, ...]:
    finding, entry = pair
    rule = _ruled(finding.rule, rules)
    return row(finding.subject, rule, Cell(standing, tone), entry.until.isoformat(), entry.reason, entry.by)


def _rules(used: Sequence[Rule]) -> Section:
    groups = tuple(
        Group(
            rule.id,
            (Text(rule.sentence), *([Items(tuple(_about(rule)))] if list(_about(rule)) else [])),
            _anchor(rule.id),
        )
        for rule in used
    )
    page = Text(
        "All rules, with their sources, are in docs/reference/rules.md of q2c-harness; these were broken or told."
    )
    return Section("rules", "Rules", (page, *groups))


def _about(rule: Rule) -> Iterator[str]:
    yield f"Severity: {rule.severity}"
    yield from (f"{word}: {text}" for word, text in (("Why", rule.why), ("Source", rule.source)) if text)
    yield f"Page: {rule.page}"


def mutants() -> Section:
    """Return what the checks of conformance would notice: planted faults, and the checks that notice them."""
    measured, planted = kills(), table()
    rows = []
    for mutant in planted:
        noticed = measured.get(f"{mutant.kind}/{mutant.name}", ())
        by = (
            Cell(" ".join(noticed[:_NOTICED_MAX]), "good")
            if set(noticed) & set(mutant.checks)
            else Cell("nobody", "bad")
        )
        rows.append(row(f"{mutant.kind}: {mutant.name}", mutant.what, " or ".join(mutant.checks), by))
    shown = Table(
        caption="Planted faults, and who notices them", rows=tuple(rows),
        columns=columns("fault", "what teams get wrong", "meant for it", "noticed by"),
    )  # fmt: skip
    killed = sum(bool(set(measured.get(f"{each.kind}/{each.name}", ())) & set(each.checks)) for each in planted)
    said = (
        f"{killed} of {len(planted)} programs with a planted fault are noticed by a check that is meant for it. Checks "
        "and faults were written by the same people: take it for a floor, not for a measure."
    )
    return Section("mutants", "What these checks notice", (Text(said), Fold("All planted faults", (shown,))))
