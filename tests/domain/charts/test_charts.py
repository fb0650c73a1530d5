"""Every chart is sound as a table: no dead state, no ambiguous trigger, no way out of the end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.charts import CHARTS, Chart, IllegalTransition

EVERY_CHART = pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS.keys())


@EVERY_CHART
def test_every_state_can_be_reached(chart: Chart) -> None:
    assert chart.reachable() == frozenset(chart.states)


@EVERY_CHART
def test_a_state_is_terminal_exactly_when_it_has_no_exit_or_may_be_reopened(chart: Chart) -> None:
    without_exit = {state for state in chart.states if not chart.targets(state)}
    assert chart.terminal == without_exit | chart.reopenable
    assert not without_exit & chart.reopenable


@EVERY_CHART
def test_a_trigger_has_one_outcome_in_a_state(chart: Chart) -> None:
    pairs = [(row.source, row.trigger) for row in chart.transitions]
    assert len(pairs) == len(set(pairs))


@EVERY_CHART
def test_no_transition_is_listed_twice_and_none_stays_in_place(chart: Chart) -> None:
    pairs = [(row.source, row.target) for row in chart.transitions]
    assert len(pairs) == len(set(pairs))
    assert all(source != target for source, target in pairs)


@EVERY_CHART
def test_some_end_or_the_beginning_can_be_reached_from_everywhere(chart: Chart) -> None:
    ends = chart.terminal or frozenset(chart.initial)
    home = set(ends)
    while more := {row.source for row in chart.transitions if row.target in home} - home:
        home |= more
    assert home == set(chart.states)


@EVERY_CHART
def test_allows_equals_the_table_for_every_pair_of_states(chart: Chart) -> None:
    listed = {(row.source, row.target) for row in chart.transitions}
    pairs = {(one, two) for one in chart.states for two in chart.states}
    assert {pair for pair in pairs if chart.allows(*pair)} == listed


@EVERY_CHART
@settings(max_examples=30, deadline=None)
@given(choices=st.lists(st.integers(min_value=0, max_value=10**6), max_size=60))
def test_a_random_walk_stays_legal_and_stops_only_at_a_terminal(chart: Chart, choices: list[int]) -> None:
    state = chart.initial[0]
    for choice in choices:
        exits = [row for row in chart.transitions if row.source == state]
        if not exits:
            assert chart.is_final(state)
            return
        row = exits[choice % len(exits)]
        assert chart.next_state(state, row.trigger) == row.target
        chart.require(state, row.target)
        state = row.target
    assert state in chart.states


@settings(max_examples=100)
@given(choice=st.data())
def test_an_unlisted_pair_is_refused_with_what_was_allowed(choice: st.DataObject) -> None:
    chart = choice.draw(st.sampled_from(list(CHARTS.values())))
    illegal = [(a, b) for a in chart.states for b in chart.states if not chart.allows(a, b)]
    source, target = choice.draw(st.sampled_from(illegal))
    with pytest.raises(IllegalTransition) as refusal:
        chart.require(source, target)
    assert all(allowed in str(refusal.value) for allowed in chart.targets(source))
