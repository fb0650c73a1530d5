"""Blocks: what a page is made of, as values. The templates decide how they look; nothing here is HTML.

    Section   a titled part of a page with an anchor
    Group     a part of a section with its own smaller title
    Text      a paragraph, with a tone when it is good or bad news
    Figures   a few numbers that matter, large
    Items     a list of sentences
    Table     a table with a caption and a header for every column and row
    Grid      a table of many small marks under upright headings, its rows in groups
    Chart     a chart with its summary in words and its numbers in a table (charts.py; Plot in plots.py without time)
    Story     what happened, step by step
    Fold      something that opens on demand

Tones: "good", "bad", "warn" or "" (neutral); a paragraph that stands out without judging is "plain". A tone never
stands alone: the words say the same.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import msgspec


class Block(Protocol):
    """Anything a page is made of; templates tell the kinds apart by `block`."""

    block: ClassVar[str]


class Text(msgspec.Struct, frozen=True):
    """A paragraph."""

    block: ClassVar[str] = "text"
    text: str
    tone: str = ""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number that matters: what it is, how much, and what that means."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


class Figures(msgspec.Struct, frozen=True):
    """A few numbers that matter."""

    block: ClassVar[str] = "figures"
    figures: tuple[Figure, ...]


class Items(msgspec.Struct, frozen=True):
    """A list of sentences."""

    block: ClassVar[str] = "items"
    items: tuple[str, ...]


class Cell(msgspec.Struct, frozen=True):
    """One cell of a table. A toned cell shows its text as a label of that tone.

    On a site (site.py) a cell may be a link to `href`, or a button that posts to `action`; `label` says to a screen
    reader what the button is about. `bar` draws a bar beside the text, from and so wide in thousandths of the cell: a
    picture of what the text says.
    """

    text: str
    tone: str = ""
    href: str = ""
    action: str = ""
    label: str = ""
    bar: tuple[int, int] | None = None


class Column(msgspec.Struct, frozen=True):
    """One column: its title, and whether it holds numbers (right-aligned)."""

    title: str
    numeric: bool = False


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table. The first cell of each row is its header; a row is as long as there are columns."""

    block: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = "Nothing."

    def __post_init__(self) -> None:
        widths = {len(row) for row in self.rows}
        assert widths <= {len(self.columns)}, f"{self.caption}: {len(self.columns)} columns, rows of {widths}"


class Mark(msgspec.Struct, frozen=True):
    """One mark of a grid: a sign or two, their tone, and what they stand for in words."""

    sign: str
    tone: str = ""
    words: str = ""


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A table of many small marks. `groups` are its rows by the title above them: each has a header and its marks."""

    block: ClassVar[str] = "grid"
    caption: str
    corner: str
    columns: tuple[str, ...]
    groups: tuple[tuple[str, tuple[tuple[str, tuple[Mark, ...]], ...]], ...]

    def __post_init__(self) -> None:
        widths = {len(marks) for _, rows in self.groups for _, marks in rows}
        assert widths <= {len(self.columns)}, f"{self.caption}: {len(self.columns)} columns, rows of {widths}"


class Step(msgspec.Struct, frozen=True):
    """One step of a story: when, where, what."""

    when: str
    text: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one business transaction, step by step, and what that broke."""

    block: ClassVar[str] = "story"
    title: str
    sentence: str
    steps: tuple[Step, ...]
    more: str = ""


class Fold(msgspec.Struct, frozen=True):
    """Something that opens on demand."""

    block: ClassVar[str] = "fold"
    title: str
    blocks: tuple[Block, ...]


class Group(msgspec.Struct, frozen=True):
    """A part of a section with its own smaller title; `id` is its anchor, when something leads to it."""

    block: ClassVar[str] = "group"
    title: str
    blocks: tuple[Block, ...]
    id: str = ""


class Section(msgspec.Struct, frozen=True):
    """A part of a page; `id` is its anchor."""

    id: str
    title: str
    blocks: tuple[Block, ...]


def columns(*titles: str) -> tuple[Column, ...]:
    """Return columns by title; a title that starts with "#" is that of numbers."""
    return tuple(Column(title.lstrip("#"), title.startswith("#")) for title in titles)


def row(*cells: str | Cell) -> tuple[Cell, ...]:
    """Return a row of cells."""
    return tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in cells)
