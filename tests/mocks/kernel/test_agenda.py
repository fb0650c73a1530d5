"""The agenda does what is due in its order, and nothing of what was stopped."""

from __future__ import annotations

from mocks.kernel.agenda import NEVER_US, Agenda


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
