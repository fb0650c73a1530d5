"""Conditions and expressions of a query, by recursive descent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from mocks.erp import sql_nodes as sql
from mocks.erp.sql_functions import CLOCK, FUNCTIONS
from mocks.erp.sql_nodes import Condition, Node, broken
from mocks.erp.sql_tokens import RESERVED, Cursor

_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG"})
_COMPARISONS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
_CONDITION_WORDS = frozenset({"IS", "IN", "LIKE", "BETWEEN", "NOT", "AND", "OR"})
_MOST_OPERATORS = 100


class Expressions:
    """Takes conditions and expressions from a cursor; text literals are numbered as they come."""

    def __init__(self, cursor: Cursor) -> None:
        self._at = cursor
        self._slots = 0
        self._operators = 0

    # --- conditions -------------------------------------------------------------------------------------------------

    def condition(self) -> Condition:
        """Take a condition."""
        parts = [self._both()]
        while self._at.accept("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else sql.Some(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._negated()]
        while self._at.accept("AND"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else sql.All(tuple(parts))

    def _negated(self) -> Condition:
        if self._at.accept("NOT"):
            return sql.Not(self._at.nested(self._negated))
        if self._at.peek() == "(" and self._is_condition_in_parentheses():
            self._at.expect("(")
            inner: Condition = self._at.nested(self.condition)
            self._at.expect(")")
            return inner
        return self._comparison()

    def _is_condition_in_parentheses(self) -> bool:
        """Tell whether the parenthesis ahead holds a condition, not an expression: it has a comparison at its level."""
        level = 0
        for kind, text in self._at.ahead():
            word = text.upper()
            level += (word == "(") - (word == ")")
            if level == 0:
                return False
            if (kind == "sign" and word in _COMPARISONS) or (kind == "name" and word in _CONDITION_WORDS):
                return True
        raise broken("A parenthesis is not closed.")

    def _comparison(self) -> Condition:
        left = self.expression()
        if self._at.accept("IS"):
            negated = self._at.accept("NOT")
            self._at.expect("NULL")
            return sql.Not(sql.IsNull(left)) if negated else sql.IsNull(left)
        if self._at.accept("NOT"):
            return sql.Not(self._set_condition(left))
        if self._at.peek() in ("IN", "LIKE", "BETWEEN"):
            return self._set_condition(left)
        kind, sign = self._at.take()
        if kind != "sign" or sign not in _COMPARISONS:
            raise broken(f"Expected a comparison, found {sign!r}.")
        return sql.Compared("!=" if sign == "<>" else sign, left, self.expression())

    def _set_condition(self, left: Node) -> Condition:
        if self._at.accept("IN"):
            self._at.expect("(")
            if self._at.peek() == "SELECT":
                raise broken("A query within IN is not supported here: use a join.")
            options = self._at.list_of(self.expression)
            self._at.expect(")")
            return sql.OneOf(left, options)
        if self._at.accept("BETWEEN"):
            low = self.expression()
            self._at.expect("AND")
            return sql.Between(left, low, self.expression())
        self._at.expect("LIKE")
        return sql.Like(left, self.expression())

    # --- expressions ------------------------------------------------------------------------------------------------

    def expression(self) -> Node:
        """Take an expression."""
        node = self._product()
        while self._at.peek() in ("+", "-", "||"):
            node = self._combined(node, self._product)
        return node

    def _combined(self, left: Node, right: Callable[[], Node]) -> Node:
        self._operators += 1
        if self._operators > _MOST_OPERATORS:
            raise broken(f"The query has more than {_MOST_OPERATORS} operators.")
        return sql.Function(self._at.take()[1], (left, right()))

    def _product(self) -> Node:
        node = self._operand()
        while self._at.peek() in ("*", "/"):
            node = self._combined(node, self._operand)
        return node

    def _operand(self) -> Node:
        kind, text = self._at.take()
        if kind == "text":
            self._slots += 1
            return sql.Text(self._slots - 1)
        if kind == "number":
            return sql.Number(Decimal(text))
        if text == "-":
            return self._negative()
        if text == "(":
            inner: Node = self._at.nested(self.expression)
            self._at.expect(")")
            return inner
        word = text.upper()
        if kind == "name" and word == "NULL":
            return sql.Number(None)
        if kind == "name" and word == "CASE":
            found: Node = self._at.nested(self._case)
            return found
        if kind != "name" or word in RESERVED:
            raise broken(f"Expected a column or value, found {text!r}.")
        return self._named(text.lower())

    def _negative(self) -> Node:
        node: Node = self._at.nested(self._operand)
        if isinstance(node, sql.Number) and node.value is not None:
            return sql.Number(-node.value)
        if isinstance(node, sql.Text):
            raise broken("A minus sign needs a number.")
        return sql.Function("-", (sql.Number(Decimal(0)), node))

    def _named(self, name: str) -> Node:
        source = ""
        if self._at.accept("."):
            source, name = name, self._at.name()
        if self._at.peek() == "(":
            node: Node = self._at.nested(lambda: self._function(f"{source}.{name}".strip(".").upper()))
            return node
        if not source and name.upper() in CLOCK:
            return sql.Function(name.upper(), ())
        return sql.Column(source, name)

    def _case(self) -> Node:
        branches = []
        while self._at.accept("WHEN"):
            condition = self.condition()
            self._at.expect("THEN")
            branches.append((condition, self.expression()))
        if not branches:
            raise broken("CASE needs WHEN.")
        otherwise = self.expression() if self._at.accept("ELSE") else None
        self._at.expect("END")
        return sql.Case(tuple(branches), otherwise)

    def _function(self, name: str) -> Node:
        self._at.expect("(")
        if name in _AGGREGATES:
            distinct = self._at.accept("DISTINCT")
            argument = None if self._at.accept("*") else self.expression()
            self._at.expect(")")
            if argument is None and name != "COUNT":
                raise broken(f"{name} needs a column.")
            return sql.Aggregate(name, argument, distinct)
        if name not in FUNCTIONS and name != "BUILTIN.DF":
            raise broken(f"Function {name} is not supported.")
        arguments = () if self._at.peek() == ")" else self._at.list_of(self.expression)
        self._at.expect(")")
        return sql.Function(name, arguments)
