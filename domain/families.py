"""Families: a quote of several legal entities is one quote and one order for each of them, the members of its family.

A member is named after the quote and the entity: `Q-000123.DE`, version `Q-000123.DE-v1`. That is its business
transaction as well: what is booked, billed and paid of it carries this name. The customer of another entity than the
account's own is a customer of its own there (one for each account and legal entity): `A-000001.DE`.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.objects import Line, Quote

SEPARATOR = "."


def is_family(quote: Quote) -> bool:
    """Tell whether a new quote has lines that another legal entity sells or delivers."""
    return quote.kind == "new" and any(
        line.delivered_by or line.entity not in ("", quote.entity) for line in quote.lines
    )


def sellers(quote: Quote) -> tuple[str, ...]:
    """Return the legal entities that sell lines of a quote, in the order of the lines."""
    return tuple(dict.fromkeys([line.entity or quote.entity for line in quote.lines]))


def member(quote: Quote, entity: str) -> Quote:
    """Return what a legal entity sells of a quote, as a quote of its own.

    Parts of bundles are sold by who sells the bundle.
    """
    lines = tuple([_own(line) for line in quote.lines if (line.entity or quote.entity) == entity])
    name = f"{quote.number}{SEPARATOR}{entity}"
    return replace(
        quote, txn=name, number=name, entity=entity, lines=lines, account=customer(quote.account, quote.entity, entity),
        total_minor=sum([line.amount_minor for line in lines]),
    )  # fmt: skip


def _own(line: Line) -> Line:
    return replace(line, entity="")


def customer(account: str, home: str, entity: str) -> str:
    """Return the customer that an account of one legal entity is at another."""
    return account if entity == home else f"{account}{SEPARATOR}{entity}"


def account_of(customer: str) -> str:
    """Return the account of a customer of any legal entity.

    >>> account_of("A-000001.DE"), account_of("A-000001")
    ('A-000001', 'A-000001')
    """
    return customer.partition(SEPARATOR)[0]


def entity_of(reference: str) -> str:
    """Return the legal entity that a member's number or reference names; empty for a quote that is no member.

    >>> entity_of("Q-000123.DE-v1"), entity_of("Q-000123.DE"), entity_of("Q-000123-v1.2")
    ('DE', 'DE', '')
    """
    number, _, _ = reference.partition("-v")
    return number.partition(SEPARATOR)[2]


def family_of(reference: str) -> str:
    """Return the reference of the quote version, or the number of the quote, that a member belongs to.

    >>> family_of("Q-000123.DE-v1"), family_of("Q-000123-v1"), family_of("Q-000123.DE")
    ('Q-000123-v1', 'Q-000123-v1', 'Q-000123')
    """
    number, dash, version = reference.partition("-v")
    return f"{number.partition(SEPARATOR)[0]}{dash}{version}"
