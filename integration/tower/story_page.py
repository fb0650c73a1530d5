"""Transactions as pages: the search, and the story of one of them across all systems with its trace."""

from __future__ import annotations

from integration.journal.protocol import OPEN, FlowRow
from integration.tower.board import Board
from integration.tower.case_page import outcome_cell
from integration.tower.exceptions_page import due_cell, state_cell
from integration.tower.frame import ago, at, blocks, case_href, query_href, shortened, site, span, txn_cell
from integration.tower.story import Line, Span, Story
from web import words
from web.blocks import Block, Cell, Figure, Figures, Fold, Section, Table, Text, columns, row
from web.forms import Field, Form
from web.site import SitePage

LINES_SHOWN = 400
SPANS_SHOWN = 600
_TONES = {"good": "ok", "bad": "trouble", "warn": "open", "": ""}


def search(board: Board, asked: str, now_us: int) -> SitePage:
    """Return the page on which a person looks for a transaction."""
    field = Field(name="find", label="Quote, reference, document, flow or case", value=asked)
    form = Form(id="find", action=query_href("transactions", {}), button="Find", fields=(field,), method="get")
    missed = Text(f"Nothing is known of {asked}.", "warn") if asked else None
    rows = tuple(
        row(txn_cell(txn), ago(at_us, now_us), name.replace("_", " "))
        for txn, (at_us, name) in reversed(board.recent.items())
    )
    titles = columns("Transaction", "When", "What was told")
    lately = Table(caption="Transactions that were told of last", columns=titles, rows=rows, empty="None yet.")
    return site(
        "Transactions", "transactions", Section("find-part", "Find one", blocks(missed, form)),
        Section("lately", "Lately", (lately,)),
    )  # fmt: skip


def page(story: Story, now_us: int) -> SitePage:
    """Return the story of a transaction."""
    calls = [each for each in story.spans if each.is_call]
    sections = [Section("short", "In short", blocks(_figures(story, calls, now_us), _cases(story, now_us)))]
    sections.append(Section("story", "What happened", _lines(story.lines, story.start_us)))
    sections.append(Section("trace", "Trace", _trace(story, now_us)))
    sections.append(Section("parts", "Its parts", (_flows(story.flows), _events(story))))
    return site(f"The story of {story.txn}", "transactions", *sections, lede=_lede(story))


def _lede(story: Story) -> str:
    through = words.listed(list(story.systems)) or "no system yet"
    return f"{words.counted(len(story.flows), 'flow')} through {through}, from {at(story.start_us)}."


def _figures(story: Story, calls: list[Span], now_us: int) -> Figures:
    open_flows = [flow for flow in story.flows if flow.status in OPEN]
    stopped = sum(flow.status == "parked" for flow in open_flows)
    again = sum(each.attempt > 1 for each in calls)
    troubled = sum(each.outcome.tone in ("bad", "warn") and each.end_us is not None for each in calls)
    people = sum(line.where == "people" for line in story.lines)
    took_us = max(0, (now_us if open_flows else story.end_us) - story.start_us)
    return Figures((
        Figure(label="Now", value="stopped" if stopped else "on its way" if open_flows else "done",
               note=words.counted(len(open_flows), "open flow"),
               tone="bad" if stopped else "warn" if open_flows else "good"),
        Figure(label="Took so far", value=words.duration(took_us), note=f"since {at(story.start_us)}"),
        Figure(label="Calls", value=words.count(len(calls)), note=f"{again} repeated, {troubled} without an answer"),
        Figure(label="Touches by people", value=words.count(people), tone="" if people else "good",
               note="decisions, remarks, corrections"),
    ))  # fmt: skip


def _cases(story: Story, now_us: int) -> Block | None:
    if not story.cases:
        return None
    rows = tuple(
        row(
            Cell(case.code, href=case_href(case.id)), state_cell(case), case.owner, case.assignee or words.NOTHING,
            due_cell(case, now_us) if case.is_open else Cell(at(case.moved_us)),
        )
        for case in story.cases
    )  # fmt: skip
    return Table(
        caption="Its exception cases", columns=columns("Case", "State", "Owner", "With", "Due or moved"), rows=rows
    )


def _lines(lines: tuple[Line, ...], start_us: int) -> tuple[Block, ...]:
    """Return the sentences; of a very long story the last ones, and the others on demand."""
    shown, early = lines[-LINES_SHOWN:], lines[:-LINES_SHOWN]
    table = _lines_table("What happened, in order", shown, start_us)
    return (
        (Fold(f"{len(early)} earlier lines", (_lines_table("Earlier", early, start_us),)), table) if early else (table,)
    )


def _lines_table(caption: str, lines: tuple[Line, ...], start_us: int) -> Table:
    rows = tuple(
        row(
            moment(line.at_us, start_us), line.where, line.text, Cell(_TONES[line.tone], line.tone) if line.tone else ""
        )
        for line in lines
    )
    return Table(caption=caption, columns=columns("When", "Where", "What", "How"), rows=rows, empty="Nothing yet.")


def moment(at_us: int, start_us: int) -> str:
    """Return the time of day to the millisecond, with its day when that is not the day on which the story began."""
    when = words.moment(at_us)
    clock = f"{when:%H:%M:%S}.{when.microsecond // 1000:03d}"
    return clock if when.date() == words.moment(start_us).date() else f"{words.day(at_us)} {clock}"


def _trace(story: Story, now_us: int) -> tuple[Block, ...]:
    """Return every step of every flow on one scale of time, from the beginning of the story to its end."""
    shown = story.spans[:SPANS_SHOWN]
    end_us = max([story.end_us, *(each.end_us or now_us for each in shown)])
    scale = (story.start_us, max(1, end_us - story.start_us))
    names = {flow.id: f"{number} {flow.name}" for number, flow in enumerate(story.flows, 1)}
    titles = columns("Flow", "#Step", "Where", "What", "From start to end", "#Took", "What came of it")
    rows = tuple(_step(each, names.get(each.flow, each.flow), scale, now_us) for each in shown)
    table = Table(caption="Every step, on one scale of time", columns=titles, rows=rows, empty="None has been taken.")
    cut = Text(f"The first {SPANS_SHOWN} of {len(story.spans)} steps.") if len(shown) < len(story.spans) else None
    return blocks(cut, table)


def _step(each: Span, name: str, scale: tuple[int, int], now_us: int) -> tuple[Cell, ...]:
    start_us, width_us = scale
    end_us = each.end_us if each.end_us is not None else max(now_us, each.start_us)
    left = min(990, (each.start_us - start_us) * 1000 // width_us)
    width = min(1000 - left, max(8, (end_us - each.start_us) * 1000 // width_us))
    return row(
        name, f"{each.seq}.{each.branch}" if each.branch >= 0 else str(each.seq), each.what.where,
        shortened(each.what.text, 60),
        Cell(f"+{words.duration(each.start_us - start_us)}", each.outcome.tone, bar=(left, width)),
        span(end_us - each.start_us), outcome_cell(each, 36),
    )  # fmt: skip


def _flows(flows: tuple[FlowRow, ...]) -> Table:
    tones = {"finished": "good", "discarded": "warn", "parked": "bad"}
    rows = tuple(
        row(
            f"{number} {flow.name}",
            flow.id,
            Cell(flow.status, tones.get(flow.status, "")),
            at(flow.created_us),
            flow.entity_key or words.NOTHING,
        )
        for number, flow in enumerate(flows, 1)
    )
    return Table(caption="Flows", columns=columns("Flow", "Id", "Status", "Began", "One at a time for"), rows=rows)


def _events(story: Story) -> Table:
    rows = tuple(
        row(shortened(event.id, 40), at(event.created_us), event.type, event.subject, str(event.sequence))
        for event in story.events
    )
    titles = columns("Event", "When", "Type", "Subject", "#Of the subject")
    return Table(caption="Events told", columns=titles, rows=rows, empty="None yet.")
