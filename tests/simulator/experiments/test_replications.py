from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.experiments.comparison import precise_means, precise_pairs
from simulator.experiments.executors import Executor, processes, threads
from simulator.experiments.intervals import interval
from simulator.experiments.replications import Progress, Rule, Sample, seed_of
from tests.simulator.experiments import urns
from tests.simulator.experiments.urns import RULE, laboratory, urn


def test_it_stops_as_soon_as_the_mean_is_known_well_enough() -> None:
    found = laboratory().until({"a": urn(10, noise=2.0)}, RULE, precise_means({"wait": False}, RULE))["a"]
    known = interval(found.values("wait"))
    assert known.relative <= 0.05 < interval(found.values("wait")[:10]).relative
    assert 10 < found.count < RULE.maximum


def test_it_never_makes_more_replications_than_it_said() -> None:
    rule = Rule(relative=0.0001, maximum=23)
    assert laboratory().until({"a": urn(10)}, rule, precise_means({"wait": False}, rule))["a"].count == 23


def test_ten_replications_are_the_least_even_when_all_agree() -> None:
    assert laboratory().until({"a": urn(10, noise=0.0)}, RULE, precise_means({"wait": False}, RULE))["a"].count == 10


def test_shares_are_known_in_points_and_not_relative_to_themselves() -> None:
    rule = Rule(relative=0.000001, points=0.005)
    assert laboratory().until({"a": urn(10)}, rule, precise_means({"kept": True}, rule))["a"].count == 10


def test_each_model_gets_the_replications_it_needs() -> None:
    models = {"calm": urn(10, noise=0.1), "wild": urn(10, noise=3.0)}
    found = laboratory().until(models, RULE, precise_means({"wait": False}, RULE))
    assert found["calm"].count == 10
    assert found["wild"].count > 40


def test_pairs_under_common_seeds_need_few_where_each_mean_would_need_many() -> None:
    rule = Rule(relative=0.01, maximum=400)
    models = {"a": urn(10, noise=3.0), "b": urn(11, noise=3.0)}
    paired = laboratory().until(models, rule, precise_pairs([("a", "b")], {"wait": False}, rule))
    assert paired["a"].count == paired["b"].count == 10
    assert laboratory().until(models, rule, precise_means({"wait": False}, rule))["a"].count == 400


def test_a_measure_without_a_case_in_some_replication_is_left_out() -> None:
    found = Sample(urn(10), [{"wait": 1.0, "rare": 2.0}, {"wait": 2.0}])
    assert found.names == ("wait",)


def test_the_nth_replication_has_the_same_seed_for_every_model() -> None:
    urns.calls.clear()
    lab = laboratory(seed=11)
    lab.extend([Sample(urn(5)), Sample(urn(6))], 4)
    assert [seed for slots, seed in urns.calls if slots == 5] == [seed for slots, seed in urns.calls if slots == 6]
    assert seed_of(11, 0) == 11
    assert len({seed_of(11, i) for i in range(1000)} | {seed_of(12, i) for i in range(1000)}) == 2000


def test_looking_often_is_paid_for_in_confidence() -> None:
    assert Rule(minimum=10, maximum=10).per_look == pytest.approx(0.95)
    assert 0.95 < Rule(minimum=10, maximum=200).per_look < 0.999


def test_a_stopped_run_is_resumed_and_nothing_is_computed_twice(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.done == 7:
            raise Stopped

    first = laboratory(folder=tmp_path)
    first.progress = stop
    with pytest.raises(Stopped):
        first.extend([Sample(urn(8))], 20)
    first.store.close()
    again, sample = laboratory(folder=tmp_path), Sample(urn(8))
    again.extend([sample], 20)
    assert (again.found, again.made) == (7, 13)
    whole = Sample(urn(8))
    laboratory().extend([whole], 20)
    assert sample.observed == whole.observed
    again.store.close()


def test_the_same_model_under_two_names_is_computed_once() -> None:
    lab = laboratory()
    lab.extend([Sample(urn(8)), Sample(urn(8))], 5)
    assert lab.made == 5


@pytest.mark.parametrize("kind", [threads, processes])
def test_whoever_computes_the_results_are_the_same(
    kind: Callable[[int], Executor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3]))  # where spawned processes find the urns
    alone, together = Sample(urn(9)), Sample(urn(9))
    laboratory().extend([alone], 30)
    lab = laboratory()
    lab.executor = kind(2)
    lab.extend([together], 30)
    lab.executor.close()
    assert together.observed == alone.observed


def test_a_dask_cluster_gives_the_same_results() -> None:
    distributed = pytest.importorskip("distributed", reason="NOTHING WAS PROVED: distributed is not installed")
    from simulator.experiments.executors import Cluster

    alone, together = Sample(urn(9)), Sample(urn(9))
    laboratory().extend([alone], 12)
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None)
    try:
        lab = laboratory()
        lab.executor = Cluster(cluster.scheduler_address)
        assert lab.executor.name == "Dask cluster of 2 workers"
        lab.extend([together], 12)
        lab.executor.close()
    finally:
        cluster.close()
    assert together.observed == alone.observed
    assert lab.made == 12
