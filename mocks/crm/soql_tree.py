"""The tree of a SOQL statement: values that say what was asked, and know nothing of objects."""

from __future__ import annotations

from decimal import Decimal

import msgspec

Path = tuple[str, ...]


class Lifted(msgspec.Struct, frozen=True, gc=False):
    """The `index`-th literal lifted out of the statement; `kind` is string, datetime or date."""

    index: int
    kind: str


class Constant(msgspec.Struct, frozen=True, gc=False):
    """A literal that stays in the tree: a number, true, false or null."""

    value: Decimal | bool | None


class Relative(msgspec.Struct, frozen=True, gc=False):
    """A date literal such as TODAY or LAST_N_DAYS:7: the range of days it means depends on the clock."""

    name: str
    count: int = 0


Operand = Lifted | Constant | Relative


class Comparison(msgspec.Struct, frozen=True):
    """`path operator operand`; the operator is one of = != < <= > >= LIKE."""

    path: Path
    operator: str
    operand: Operand


class Membership(msgspec.Struct, frozen=True):
    """`path [NOT] IN (operands)`."""

    path: Path
    operands: tuple[Operand, ...]
    negated: bool


class SemiJoin(msgspec.Struct, frozen=True):
    """`path [NOT] IN (SELECT one column FROM ...)`."""

    path: Path
    query: Query
    negated: bool


class Negation(msgspec.Struct, frozen=True):
    """NOT condition."""

    condition: Condition


class Junction(msgspec.Struct, frozen=True):
    """Two or more conditions joined by AND or OR."""

    connective: str
    conditions: tuple[Condition, ...]


Condition = Comparison | Membership | SemiJoin | Negation | Junction


class Aggregate(msgspec.Struct, frozen=True):
    """A column that sums many records up: COUNT, COUNT_DISTINCT, SUM, AVG, MIN or MAX of a path (COUNT() has none)."""

    function: str
    path: Path
    alias: str = ""


class Everything(msgspec.Struct, frozen=True, gc=False):
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    scope: str


Column = Path | Aggregate | Everything


class Ordering(msgspec.Struct, frozen=True):
    """One key of ORDER BY; in a grouped statement it may be an aggregate."""

    path: Path | Aggregate
    descending: bool = False
    nulls_last: bool = False


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A statement. `fields` are columns and, for child sub-selects, whole queries; `counts` is SELECT COUNT().

    `groups` are the paths of GROUP BY; `aliases` name grouped columns that have another name in the result.
    """

    fields: tuple[Column | Query, ...]
    source: str
    where: Condition | None = None
    groups: tuple[Path, ...] = ()
    aliases: tuple[tuple[Path, str], ...] = ()
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
    counts: bool = False
