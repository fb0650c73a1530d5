"""What an experiment says, and the exit status that goes with it."""

from __future__ import annotations

import msgspec
import pytest

from q2c.experiments import wording
from q2c.experiments.says import at_least_share, said
from simulator.experiments import answers
from simulator.experiments.conditions import judge, parsed
from tests.q2c.experiments.examples import COMPARED, FOUND, QUESTIONS, differs, every_kind, experiment, happened, pair

LATE, BOOKED, TAIL = parsed("late <= 0"), parsed("within SLA-2 >= 99%"), parsed("p95 SLA-2 <= 60s")


def word(answer: answers.Answer) -> tuple[str, str]:
    found = said(QUESTIONS[type(answer)], answer)
    return found.word, found.status


def test_go_means_every_promise_in_every_quarter_and_says_how_much_that_proves() -> None:
    found = happened(promises=(judge(LATE, [0.0] * 20, 0.95), judge(BOOKED, [0.995] * 20, 0.95)))
    assert word(found) == ("GO", "holds")
    text = said(QUESTIONS[answers.Happened], found).text
    assert "Both promises were kept in each of the 20 quarters played (so in at least 86" in text
    assert at_least_share(20, 20, 0.95) == pytest.approx(0.8609, abs=1e-4)


def test_a_promise_missed_in_some_quarters_is_a_risk_and_one_missed_on_average_is_a_no_go() -> None:
    some = judge(BOOKED, [0.9999] * 19 + [0.98], 0.95)
    assert word(happened(promises=(some,))) == ("AT RISK", "unknown")
    assert word(happened(promises=(judge(TAIL, [70.0, 71.0] * 10, 0.95),))) == ("NO GO", "late")
    assert word(happened(promises=(judge(LATE, [3.0, 4.0] * 10, 0.95),))) == ("NO GO", "broken")


def test_without_promises_the_answer_is_what_happens_and_what_saturates() -> None:
    text = said(QUESTIONS[answers.Happened], happened(promises=())).text
    assert text.startswith("Over 20 quarters: SLA-2 (order creation) in time 98.1 %")
    assert "ERP saturates first (in 18 of 20" in text
    assert "billing has worked off what its outage struck in 6 min" in text
    assert "No service level" not in text


def test_quarters_without_orders_say_why_there_is_no_service_level() -> None:
    known = happened(promises=())
    counts = tuple(each for each in known.estimates if " " not in each.measure)
    bare = msgspec.structs.replace(known, estimates=counts)
    assert said(QUESTIONS[answers.Happened], bare).text.endswith(
        "No service level is told: only what was measured in every quarter is, and some had no order. Raise "
        "world.orders_per_quarter."
    )


def test_no_winner_where_the_interval_spans_zero_and_what_would_settle_it() -> None:
    open_rows = (pair("p95 SLA-2", 41.0, 40.95, 4.0, 1.0),)
    found = said(QUESTIONS[answers.Differs], differs(open_rows))
    assert (found.word, found.status) == ("NO WINNER", "unknown")
    assert f"about {open_rows[0].needed} would settle SLA-2 (order creation), 95th percentile" in found.text


def test_a_comparison_says_in_what_it_is_better_and_in_what_worse() -> None:
    slower = pair("p95 SLA-2", 41.0, 45.0, 4.0, 0.1)
    assert word(differs((COMPARED[0], slower))) == ("BETTER AND WORSE", "holds")
    assert word(differs(COMPARED[:1])) == ("BETTER", "holds")
    assert word(differs(COMPARED[2:3])) == ("WORSE", "holds")
    assert word(differs((pair("lost", 0.0, 0.0, 0.0),))) == ("THE SAME", "holds")


def test_a_comparison_names_three_measures_a_side_and_counts_the_others() -> None:
    slower = [pair(f"p95 SLA-{number}", 41.0, 45.0, 4.0, 0.1) for number in (2, 3, 4, 5, 6)]
    text = said(QUESTIONS[answers.Differs], differs((COMPARED[0], *slower))).text
    worse = text[text.index("It is worse") :]
    assert worse.startswith("It is worse in 5 measures: SLA-2 (order creation), 95th percentile (+4")
    assert worse.count("; ") == 3
    assert worse.endswith("; and 2 more.")


def test_what_was_lost_or_late_decides_whatever_else_is_quicker() -> None:
    lost, quicker = pair("lost", 0.0, 350.0, 4.0, 1.0), pair("p95 SLA-2", 41.0, 20.0, 4.0, 0.1)
    found = said(QUESTIONS[answers.Differs], differs((quicker, lost)))
    assert found.word == "WORSE"
    assert found.text.startswith(
        "Over 20 pairs of replications the second is worse in 1 measure: lifecycles lost (+350"
    )
    assert " It is better in 1 measure: SLA-2 (order creation), 95th percentile (" in found.text
    assert found.text.endswith("). What was lost, doubled or late weighs more.")
    assert word(differs(())) == ("THE SAME", "holds")


def test_a_search_without_an_answer_or_against_its_belief_proves_nothing() -> None:
    none = msgspec.structs.replace(FOUND, value=None)
    odd = msgspec.structs.replace(FOUND, is_monotone=False)
    assert word(answers.Broke(found=none, now="15")) == ("NO VALUE", "unknown")
    assert word(answers.Broke(found=odd, now="15")) == ("7", "unknown")
    assert "sweep the range" in said(QUESTIONS[answers.Broke], answers.Broke(found=odd, now="15")).text


def test_every_kind_has_a_sentence_that_ends() -> None:
    for each in every_kind():
        assert each.word.isupper() or each.word.isdigit()
        assert each.says.endswith(".")


@pytest.mark.parametrize(
    ("name", "amount", "text"),
    [
        ("within SLA-2", 0.98765, "98.7 %"), ("within SLA-2", 0.99999, "99.99 %"), ("within SLA-2", 1.0, "100 %"),
        ("within SLA-2", 0.99, "99 %"), ("within SLA-2", 0.995, "99.5 %"), ("p95 SLA-2", 41.5, "42 s"),
        ("late", 4.0, "4"), ("late", 0.15, "0.15"), ("calls erp", 12345.6, "12,346"),
        ("late_amount", 1234567.0, "12,346 EUR"), ("money_days SLA-5", 100.0, "1 EUR x days"),
    ],
)  # fmt: skip
def test_values_are_said_in_their_unit_and_only_all_is_a_hundred_percent(name: str, amount: float, text: str) -> None:
    assert wording.value(name, amount, "EUR") == text


def test_an_experiment_is_written_and_read_without_loss() -> None:
    for each in every_kind():
        assert answers.decode(answers.encode(each)) == each


def test_an_experiment_of_another_version_is_refused() -> None:
    other = msgspec.structs.replace(experiment(happened()), version=2)
    with pytest.raises(ValueError, match=r"version 2; expected q2c\.experiment version 1"):
        answers.decode(answers.encode(other))
