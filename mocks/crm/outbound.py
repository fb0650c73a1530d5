"""Outbound messages: which change of a record makes the organisation tell somebody, and what it tells.

A rule belongs to an object: it tells when a record comes to have certain values. The first rule is the harness's own,
an accepted quote; an organisation may have more. Source: the vendor's public documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mocks.crm import ids
from mocks.crm.schema import ID, Row, Schema, SObject
from mocks.crm.values import shown
from mocks.kernel.desk import Desk

ACCEPTED = "quote.accepted"


class OutboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: when a record of `object` comes to have the values of `becomes`, its `fields` are told.

    With no values to come to, every creation and change is told. `target` is a path at the integration, or a whole URL.
    """

    object: str
    fields: tuple[str, ...] = ()
    becomes: Mapping[str, Any] = {}
    target: str = ""


class Rule(msgspec.Struct, frozen=True):
    """A rule, resolved: its name is the topic of its messages, `columns` are told in this order."""

    name: str
    of: SObject
    columns: tuple[tuple[str, int], ...]
    becomes: tuple[tuple[int, Any], ...]
    action_id: str
    target: str

    def holds(self, row: Row) -> bool:
        """Tell whether a record has the values the rule waits for."""
        return all(shown(self.of, at, row) == value for at, value in self.becomes)


def rule(schema: Schema, number: int, asked: OutboundMessage) -> Rule:
    """Return a rule of the organisation; raise ValueError when it names what the objects do not have."""
    of = schema.find(asked.object)
    if of is None:
        raise ValueError(f"outbound message {number}: there is no object {asked.object}")
    unknown = [name for name in (*asked.fields, *asked.becomes) if name.lower() not in of.positions]
    if unknown:
        raise ValueError(f"outbound message {number}: {of.name} has no field {unknown[0]}")
    columns = tuple([(of.fields[of.at(name)].name, of.at(name)) for name in asked.fields])
    becomes = tuple([(of.at(name), value) for name, value in asked.becomes.items()])
    action_id = ids.record_id("04k", number + 1)
    return Rule(f"outbound.{number}", of, (("Id", ID), *columns), becomes, action_id, asked.target)


class Outbound:
    """The rules of an organisation, and the messages they make."""

    def __init__(self, desk: Desk, schema: Schema, asked: Sequence[OutboundMessage]) -> None:
        self._desk = desk
        self.rules = {each.name: each for each in [rule(schema, at, one) for at, one in enumerate(asked, 1)]}

    def changed(self, of: SObject, before: Row | None, after: Row) -> None:
        """Post the messages that a change of a record calls for."""
        for each in self.rules.values():
            if each.of is not of or not each.holds(after):
                continue
            if before is None or not each.becomes or not each.holds(before):
                key = str(after[ID])
                message_id = ids.record_id("04l", self._desk.next("04l"))
                self._desk.post(each.name, key, self._desk.book.txn_of(key), message_id)
