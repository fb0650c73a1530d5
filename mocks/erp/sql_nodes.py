"""The parts of a parsed SuiteQL query, as values: they compare, so that GROUP BY can recognise an expression."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from mocks.kernel.operations import Refusal


class Column(msgspec.Struct, frozen=True):
    """A column, with the alias or table it is asked from (empty: whichever source has it). Names are lower case."""

    source: str
    name: str


class Text(msgspec.Struct, frozen=True):
    """A text literal: the one in this slot (from 0). Queries that differ only in these share a statement."""

    slot: int


class Number(msgspec.Struct, frozen=True):
    """A number as written, or NULL."""

    value: Decimal | None


class Function(msgspec.Struct, frozen=True):
    """A function or operator (`+`, `||`, ...) on its arguments."""

    name: str
    arguments: tuple[Node, ...]


class Aggregate(msgspec.Struct, frozen=True):
    """An aggregate; without an argument it counts rows."""

    name: str
    argument: Node | None
    distinct: bool


class Case(msgspec.Struct, frozen=True):
    """CASE WHEN condition THEN value ... ELSE value END."""

    branches: tuple[tuple[Condition, Node], ...]
    otherwise: Node | None


class Compared(msgspec.Struct, frozen=True):
    """left sign right."""

    sign: str
    left: Node
    right: Node


class OneOf(msgspec.Struct, frozen=True):
    """left IN (options)."""

    left: Node
    options: tuple[Node, ...]


class Between(msgspec.Struct, frozen=True):
    """left BETWEEN low AND high."""

    left: Node
    low: Node
    high: Node


class Like(msgspec.Struct, frozen=True):
    """left LIKE pattern."""

    left: Node
    pattern: Node


class IsNull(msgspec.Struct, frozen=True):
    """left IS NULL."""

    left: Node


class Not(msgspec.Struct, frozen=True):
    """NOT part."""

    part: Condition


class All(msgspec.Struct, frozen=True):
    """Parts joined by AND."""

    parts: tuple[Condition, ...]


class Some(msgspec.Struct, frozen=True):
    """Parts joined by OR."""

    parts: tuple[Condition, ...]


Node = Column | Text | Number | Function | Aggregate | Case
Condition = Compared | OneOf | Between | Like | IsNull | Not | All | Some


class Field(msgspec.Struct, frozen=True):
    """One selected expression and its name in the reply; without an expression it stands for all columns."""

    name: str
    node: Node | None
    source: str = ""


class Source(msgspec.Struct, frozen=True):
    """A table of FROM under its alias; `kind` says how it is joined: first, inner, left or cross."""

    table: str
    alias: str
    kind: str = "first"
    on: Condition | None = None


class Order(msgspec.Struct, frozen=True):
    """One part of ORDER BY: an expression, or the number of a field (from 1). NULLs come last unless descending."""

    node: Node
    descending: bool
    nulls_first: bool


class Select(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed query. `rownum` is the most rows taken before they are sorted, `limit` after it."""

    fields: tuple[Field, ...]
    distinct: bool
    sources: tuple[Source, ...]
    where: Condition | None
    group: tuple[Node, ...]
    having: Condition | None
    order: tuple[Order, ...]
    offset: int = 0
    limit: int | None = None
    rownum: int | None = None


def broken(detail: str) -> Refusal:
    """Return the refusal of a query that cannot be run."""
    return Refusal(
        "invalid_parameter", f"Invalid search query. Detailed unprocessed description follows. {detail}", "q"
    )
