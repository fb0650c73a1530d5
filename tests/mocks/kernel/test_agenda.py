"""The agenda does what is due in its order, and nothing of what was stopped."""

from __future__ import annotations

import pytest

from mocks.kernel.agenda import NEVER_US, Agenda
from mocks.kernel.spilled import SpilledTables
from mocks.kernel.tables import IN_MEMORY, Tables


def done(agenda: Agenda, now_us: int) -> list[str]:
    """Return the actions that are done by an instant."""
    found = []
    while (entry := agenda.pop_due(now_us)) is not None:
        found.append(entry[1])
    return found


def test_what_was_stopped_is_neither_done_nor_planned_again() -> None:
    agenda = Agenda()
    for due_us, action in ((30, "bill"), (10, "advance"), (20, "remind"), (40, "advance")):
        agenda.add(due_us, action)
    agenda.stop("advance")
    assert agenda.next_us == 20
    agenda.add(5, "advance")
    assert done(agenda, 100) == ["remind", "bill"]
    assert agenda.next_us == NEVER_US


def test_an_agenda_of_which_all_was_stopped_is_empty() -> None:
    agenda = Agenda()
    agenda.add(10, "advance")
    agenda.stop("advance")
    assert (len(agenda), agenda.next_us) == (0, NEVER_US)


@pytest.mark.parametrize("tables", [IN_MEMORY, SpilledTables(2)], ids=["in memory", "in a file"])
def test_what_is_planned_for_one_instant_is_done_in_the_order_of_planning(tables: Tables) -> None:
    agenda = Agenda(tables)
    for number in range(12):
        agenda.add(10 + number % 2, "bill", f"I-{number}", number)
    assert sorted(agenda.planned()) == sorted((10 + each % 2, "bill", (f"I-{each}", each)) for each in range(12))
    assert agenda.pop_due(9) is None
    found = [agenda.pop_due(20) for _ in range(12)]
    order = [*range(0, 12, 2), *range(1, 12, 2)]
    assert found == [(10 + each % 2, "bill", (f"I-{each}", each)) for each in order]
    assert (len(agenda), agenda.pop_due(20)) == (0, None)
