"""Transactions as pages: the search, and the story of one of them across all systems with its trace."""

from __future__ import annotations

from integration.journal.protocol import OPEN, FlowRow
from integration.tower.board import Board
from integration.tower.case_page import outcome_cell
from integration.tower.exceptions_page import due_cell, state_cell
from integration.tower.frame import ROOT, ago, at, blocks, case_href, query_href, site, span, txn_cell
from integration.tower.story import Line, Span, Story
from web import words
from web.blocks import Block, Cell, Figure, Figures, Fold, Section, Table, Text, columns, row
from web.forms import Field, Form, Links
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
    sections.append(Section("story", "What happened", _lines(story.lines)))
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


def _lines(lines: tuple[Line, ...]) -> tuple[Block, ...]:
    """Return the sentences; of a very long story the last ones, and the others on demand."""
    shown, early = lines[-LINES_SHOWN:], lines[:-LINES_SHOWN]
    table = _lines_table("What happened, in order", shown)
    return (Fold(f"{len(early)} earlier lines", (_lines_table("Earlier", early),)), table) if early else (table,)


def _lines_table(caption: str, lines: tuple[Line, ...]) -> Table:
    rows = tuple(
        row(at(line.at_us), line.where, line.text, Cell(_TONES[line.tone], line.tone) if line.tone else "")
        for line in lines
    )
    return Table(caption=caption, columns=columns("When", "Where", "What", "How"), rows=rows, empty="Nothing yet.")


def _trace(story: Story, now_us: int) -> tuple[Block, ...]:
    shown = story.spans[:SPANS_SHOWN]
    start_us, end_us = story.start_us, max(story.end_us, *(each.end_us or now_us for each in shown), 0) if shown else 0
    width_us = max(1, end_us - start_us)
    rows = tuple(_span_row(each, start_us, width_us, now_us) for each in shown)
    titles = columns("Flow", "#Step", "Where", "What", "#Took", "From start to end", "What came of it")
    table = Table(
        caption="Every step: what was asked for, how long it took, what came of it", columns=titles, rows=rows
    )
    said = f"The first {SPANS_SHOWN} of {len(story.spans)} steps." if len(story.spans) > len(shown) else ""
    return (Text(said), table) if said else (table,)


def _span_row(each: Span, start_us: int, width_us: int, now_us: int) -> tuple[Cell, ...]:
    end_us = each.end_us if each.end_us is not None else max(now_us, each.start_us)
    left = min(999, (each.start_us - start_us) * 1000 // width_us)
    width = min(1000 - left, max(1, (end_us - each.start_us) * 1000 // width_us))
    began = f"+{words.duration(each.start_us - start_us)}"
    return row(
        each.flow, f"{each.seq}.{each.branch}" if each.branch >= 0 else str(each.seq), each.what.where, each.what.text,
        span(end_us - each.start_us), Cell(began, each.outcome.tone, bar=(left, width)), outcome_cell(each),
    )  # fmt: skip


def _flows(flows: tuple[FlowRow, ...]) -> Table:
    tones = {"finished": "good", "compensated": "warn", "discarded": "warn", "parked": "bad"}
    rows = tuple(
        row(flow.id, flow.name, Cell(flow.status, tones.get(flow.status, "")), at(flow.created_us), flow.entity_key)
        for flow in flows
    )
    return Table(caption="Flows", columns=columns("Flow", "Kind", "Status", "Began", "One at a time for"), rows=rows)


def _events(story: Story) -> Table:
    rows = tuple(
        row(event.id, at(event.created_us), event.type, event.subject, str(event.sequence)) for event in story.events
    )
    titles = columns("Event", "When", "Type", "Subject", "#Of the subject")
    return Table(caption="Events told", columns=titles, rows=rows, empty="None yet.")


def back() -> Links:
    """Return the way back to the search."""
    return Links((("Find another transaction", f"{ROOT}/transactions"),))
