"""The page of a hunt: what was caught first, then what the runs have covered, then how to make it again."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.checks.verdict import BROKEN, HOLDS, UNKNOWN
from q2c.hunting.document import LATE, Caught, Document
from q2c.report import matrix, names
from web.blocks import Block, Figure, Figures, Fold, Group, Items, Section, Table, Text, columns, row
from web.shell import Page, render
from web.words import count

TONES = {HOLDS: "good", BROKEN: "bad", LATE: "bad", UNKNOWN: "warn"}


def html_of(document: Document) -> str:
    """Return the report of a hunt as one self-contained HTML document."""
    return render(page_of(document))


def page_of(document: Document) -> Page:
    """Return the report of a hunt; equal documents give equal pages."""
    mutant = f", the integration broken on purpose: {document.mutant}" if document.mutant else ""
    caught = (Section("caught", "What was caught", tuple(_caught(document))),) if document.caught else ()
    return Page(
        title=document.title,
        kind=f"Hunt in {document.scenario}, base seed {document.seed}{mutant}",
        lede="Run after run with other faults and other luck, in virtual time, until a rule breaks or time is up.",
        sections=(Section("answer", "Answer", tuple(_answer(document))), *caught, _covered(document), _made(document)),
        footer=f"q2c-harness {document.code_version}. Repeat: {document.repeat}",
    )


def _answer(document: Document) -> Iterator[Block]:
    effort = document.effort
    stopped = " A person stopped it; this is what there was until then." if document.interrupted else ""
    yield Text(document.says + stopped, TONES[document.status])
    yield Figures(
        (
            Figure(label="runs", value=count(effort.runs), note=f"{effort.runs_a_second:,.1f} a second"),
            Figure(label="lifecycles", value=count(effort.lifecycles)),
            Figure(
                label="virtual hours", value=count(round(effort.virtual_hours)),
                note=f"{count(round(effort.virtual_hours_a_wall_minute))} a minute of the wall",
            ),
            Figure(
                label="pairs hit", value=f"{count(document.either_hit)} of {count(document.either_possible)}",
                note="of operation and fault", tone="warn" if document.missed else "good",
            ),
        )
    )  # fmt: skip
    if document.stuck:
        yield Items(tuple(f"Run {each.number} could not be played: {each.trouble}" for each in document.stuck))


def _caught(document: Document) -> Iterator[Block]:
    yield Table(
        caption="Runs that broke a rule", columns=columns("run", "rule", "#times", "first", "play it again"),
        rows=tuple(
            row(str(each.number), names.rule(broken.check), count(broken.count), broken.sentence, each.repeat)
            for each in document.caught
            for broken in each.broken
        ),
    )  # fmt: skip
    yield from (Text(each.advice, "warn") for each in document.caught if each.advice)
    told = [each for each in document.caught if each.story]
    for each in told[:1]:
        yield Text(_heading(each), "plain")
        yield from _story(each)
    yield from (Fold(_heading(each), tuple(_story(each))) for each in told[1:])


def _heading(caught: Caught) -> str:
    return f"Run {caught.number}, {caught.broken[0].check}: {caught.shrunk}."


def _story(caught: Caught) -> Iterator[Block]:
    """Yield the story of a catch: its rule, then each of its parts as a list."""
    rule, *lines = (line for line in caught.story.splitlines() if line.strip())
    yield Text(rule)
    part, told = "", list[str]()
    for line in (*lines, ""):
        if line.startswith(" "):
            told.append(line.strip())
            continue
        if told:
            yield Group(part, (Items(tuple(told)),))
        part, told = line, []


def _covered(document: Document) -> Section:
    blocks: list[Block] = [
        Text(matrix.hit_of(document.pairs), "warn" if document.missed else "good"),
        Text(
            "A pair is an operation that was called with a kind of fault that can strike it, at the first try or at a "
            "retry; or a message that came with a kind of fault that can strike messages."
        ),
    ]
    if said := matrix.missed_of(document.pairs):
        blocks.append(Text(said))
    if document.silent:
        blocks.append(Text(f"Planned and never struck: {', '.join(document.silent)}.", "warn"))
    blocks.append(Fold("How the coverage grew", (_course(document),)))
    blocks.append(Fold("Which faults never struck which operation", (matrix.operations(document.pairs),)))
    blocks.append(Text(matrix.KEY))
    blocks += [Fold(grid.caption, (grid,)) for grid in matrix.grids(document.pairs)]
    blocks.append(Fold("What cannot happen, and is not counted", (matrix.impossible(document.pairs),)))
    blocks.append(Fold("States of the business objects that the runs visited", (matrix.states(document.coverage),)))
    blocks.append(Fold("Exception reasons that the runs raised", (matrix.reasons(document.coverage),)))
    return Section("covered", "What the runs covered", tuple(blocks))


def _course(document: Document) -> Table:
    return Table(
        caption="Pairs hit after so many runs",
        columns=columns("#runs", "#processor seconds", "#of operation and fault", "#first tries and retries apart"),
        rows=tuple(
            row(
                count(each.runs), f"{each.cpu_seconds:,.1f}", f"{count(each.either)} of {count(each.either_possible)}",
                f"{count(each.hit)} of {count(each.possible)}",
            )
            for each in document.course
        ),
    )  # fmt: skip


def _made(document: Document) -> Section:
    effort, budget = document.effort, document.budget
    ends = [f"{budget.runs:,} runs"] if budget.runs else []
    ends += [f"{budget.seconds:g} seconds"] if budget.seconds else []
    ends += [] if budget.keeps_going else ["the first broken rule"]
    rows = [
        ("base seed", str(document.seed)), ("ends after", " or ".join(ends)), ("computed by", effort.executor),
        ("seconds", f"{effort.wall_seconds:,.1f} of the wall, {effort.cpu_seconds:,.1f} of processors"),
        ("verdicts of the runs", ", ".join(f"{status} {number:,}" for status, number in effort.statuses.items())),
        ("rules not judged in some run", ", ".join(f"{check} {n:,}" for check, n in effort.unknown.items()) or "none"),
        ("kinds of fault", ", ".join(document.kinds)), ("code version", document.code_version),
        ("repeat", document.repeat),
    ]  # fmt: skip
    table = Table(
        caption="How this was made", columns=columns("what", "value"), rows=tuple(row(*each) for each in rows)
    )
    same = Text("Same scenario, base seed and code make the same runs in the same order, whoever plays them.")
    return Section("made", "How this was made", (table, same))
