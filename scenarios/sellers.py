"""Sellers: who sells and who delivers the lines of a deal of several legal entities.

In such a deal another entity of the company sells a part of the products (its own order, its own books), or it delivers
one that the first entity sells (they settle between themselves). Each entity that sells has something that recurs.
"""

from __future__ import annotations

from typing import Any

from scenarios.ground import Ground

SELLS = 0.6  # of these deals; in the others it only delivers [E]
SHIPS_COMPLETE = 0.15  # of the deals that two entities sell [E]


def has_several(ground: Ground, number: int) -> bool:
    """Tell whether an order is a deal of several legal entities."""
    return ground.shares["multi_entity"] > 0 and len(ground.sites) > 1 and ground.chance("multi_entity", number)


def shared(ground: Ground, number: int, home: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the lines of a deal with who else sells or delivers some, and whether it is delivered as a whole."""
    others = [site.id for site in ground.sites if site.id != home]
    other = ground.draws.choose(others, "other_entity", number)
    recurring = [index for index, line in enumerate(lines) if line["kind"] == "recurring"]
    if len(recurring) > 1 and ground.draws.chance(SELLS, "other_sells", number):
        first = recurring[len(recurring) // 2]
        made = [{**line, "entity": other} if index >= first else line for index, line in enumerate(lines)]
        return {"lines": made, "ship_complete": ground.draws.chance(SHIPS_COMPLETE, "ship_complete", number)}
    last = recurring[-1]
    return {"lines": [{**line, "delivered_by": other} if index == last else line for index, line in enumerate(lines)]}
