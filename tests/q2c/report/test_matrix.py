from __future__ import annotations

from contracts.checks.coverage import Called, Cell, Coverage, Told
from contracts.checks.pairs import pairs_of
from q2c.report import matrix
from web.blocks import Grid, Table

FOUND = Coverage(
    cells=(
        Cell("erp", "read_order", "lost_reply", "first", 3),
        Cell("erp", "upsert_order", "maintenance", "first", 1),
        Cell("erp", "upsert_order", "maintenance", "retry", 2),
    ),
    states=(), reasons=(("DATA.MAPPING", 2),), plan=(),
    called=(Called("erp", "read_order", False, False, 5, 0), Called("erp", "upsert_order", True, False, 5, 0)),
    told=(Told("crm", "quote.accepted", 4),),
)  # fmt: skip
PAIRS = pairs_of(FOUND, ["lost_reply", "maintenance", "loss"])


def texts(table: Table) -> dict[str, list[str]]:
    return {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}


def marks(grid: Grid) -> dict[str, list[tuple[str, str, str]]]:
    return {
        fault: [(mark.sign, mark.tone, mark.words) for mark in row] for _, rows in grid.groups for fault, row in rows
    }


def test_what_was_never_hit_shows_an_empty_sign_and_what_cannot_be_none() -> None:
    erp, messages = matrix.grids(PAIRS)
    assert erp.columns == ("read order", "upsert order")
    assert marks(erp) == {
        "F09 lost reply": [("●○", "", "3 at first, 0 again"), ("○○", "warn", "0 at first, 0 again")],
        "F43 maintenance": [("", "", ""), ("●●", "good", "1 at first, 2 again")],
    }
    assert messages.columns == ("CRM: quote.accepted",)
    assert marks(messages) == {"F47 loss": [("○", "warn", "0")]}


def test_the_faults_of_a_grid_stand_by_the_place_at_which_they_strike() -> None:
    erp, _ = matrix.grids(PAIRS)
    assert [title for title, _ in erp.groups] == [
        "in the system, before it commits",
        "in the system, after it has committed",
    ]


def test_every_operation_names_what_never_struck_it() -> None:
    assert texts(matrix.operations(PAIRS)) == {
        "CRM quote.accepted": ["0 of 1", "–", "F47 loss"],
        "ERP read order": ["1 of 1", "0 of 1", "–"],
        "ERP upsert order": ["1 of 2", "1 of 2", "F09 lost reply"],
    }
    many = pairs_of(FOUND, ["reset_before", "reset_after", "refused", "closed_before", "closed_after", "error_before",
                            "error_after", "drip_before", "drip_after", "unavailable"])  # fmt: skip
    assert texts(matrix.operations(many))["ERP read order"][2].endswith(" and 2 more")


def test_the_share_counts_only_what_could_be_hit() -> None:
    assert matrix.hit_of(PAIRS) == (
        "2 of 4 pairs of operation and fault were hit (50.0%); 3 of 7 where first tries and retries are counted apart."
    )
    assert matrix.hit_of(pairs_of(FOUND, [])).startswith("0 of 0 pairs of operation and fault were hit; 0 of 0")


def test_what_needs_more_than_a_call_to_strike_is_named_among_the_missed() -> None:
    assert matrix.missed_of(PAIRS) == ""
    stale = matrix.missed_of(pairs_of(FOUND, ["lost_reply", "stale_read"]))
    assert stale.startswith("1 of the 2 that never met")
    assert stale.endswith(": F55 stale read.")


def test_what_cannot_happen_is_listed_with_its_reason() -> None:
    (only,) = matrix.impossible(PAIRS).rows
    assert [cell.text for cell in only] == ["maintenance", "it strikes writes only", "1"]


def test_reasons_are_counted() -> None:
    assert texts(matrix.reasons(FOUND)) == {"DATA.MAPPING": ["2"]}
