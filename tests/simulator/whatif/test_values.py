"""The values of what-if: durations, histograms, draws, models and outcomes, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import HOUR_US, MINUTE_US, SECOND_US
from simulator.whatif import compiled, draw_blocks, draws, engine, histogram, outcome, process, validity
from simulator.whatif.durations import Duration
from simulator.whatif.load import expected_attempts, lifecycles_of, work_of
from simulator.whatif.model import Arrivals, Budget, Known, Limit, Piece, Sla, Step, decode, encode
from simulator.whatif.rows import Collected, ParquetRows
from simulator.whatif.trouble import Window
from tests.simulator.whatif.simple import at_once, call, erp, model

DURATIONS = (
    Duration.fixed(3_000_000), Duration.exponential(2_000_000), Duration.lognormal(1_800_000, 6_000_000),
    Duration.gamma(2_000_000, 0.5), Duration.gamma(2_000_000, 1.6), Duration.weibull(1_000_000, 0.8),
    Duration.empirical((100, 2_000, 30_000)), Duration.uniform(1_000_000, 5_000_000),
)  # fmt: skip


# --- durations and draws --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duration", DURATIONS, ids=lambda duration: duration.kind)
def test_draws_have_the_mean_and_the_variation_of_their_duration(duration: Duration) -> None:
    values = [draws.drawn(duration, draws.base_of(7, number), 3) for number in range(20_000)]
    mean = sum(values) / len(values)
    deviation = duration.variation * duration.mean_us / math.sqrt(len(values))
    assert abs(mean - duration.mean_us) <= 4 * deviation + 0.5
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    assert spread == pytest.approx(duration.variation * duration.mean_us, rel=0.1)


@pytest.mark.parametrize("kind", ["lognormal", "gamma", "weibull"])
def test_a_duration_by_quantiles_has_them(kind: str) -> None:
    duration = Duration.by_quantiles(kind, 1_800_000, 6_000_000)
    values = sorted(draws.drawn(duration, draws.base_of(1, number), 5) for number in range(20_000))
    assert values[10_000] == pytest.approx(1_800_000, rel=0.03)
    assert values[19_000] == pytest.approx(6_000_000, rel=0.05)


def test_normal_deviates_have_the_shape_of_the_bell_to_its_far_ends() -> None:
    count, bell = 200_000, NormalDist()
    found = np.sort(draw_blocks.normals(draw_blocks.bases(5, 0, count)))
    shares = np.array([bell.cdf(value) for value in found[::10]])
    assert np.abs(shares - (np.arange(0, count, 10) + 0.5) / count).max() < 1.95 / math.sqrt(
        count
    )  # Kolmogorov, 1 in 1000
    for far in (2.0, 3.0, draws.LAST, 4.0):
        expected = 2 * count * bell.cdf(-far)
        assert abs(np.count_nonzero(np.abs(found) > far) - expected) < 4 * math.sqrt(expected)


@given(st.integers(0, 2**64 - 1))
def test_a_normal_deviate_has_its_mirror_image(word: int) -> None:
    mirrored = word ^ (draws.MASK ^ 0x7FF)  # the bits that say how far across
    across = ((word >> 11) - draws.HALF_WIDTH + 0.5) * draws.UNIT
    if abs(across) < draws.RATIOS[word % draws.STRIPS]:
        assert draws.normal(mirrored) == -draws.normal(word)


@settings(max_examples=60)
@given(st.integers(0, 2**63 - 1), st.integers(0, 2**41), st.sampled_from(DURATIONS[:3]), st.integers(0, 40))
def test_draws_in_blocks_are_those_one_by_one(seed: int, first: int, duration: Duration, step: int) -> None:
    words = draw_blocks.bases(seed, first, 64)
    index = draws.index_of(step, 1, draws.SERVICE)
    one_by_one = [draws.drawn(duration, draws.base_of(seed, first + number), index) for number in range(64)]
    assert draw_blocks.durations(duration, words, index).tolist() == one_by_one


def test_a_draw_next_to_a_half_is_drawn_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw_blocks, "_NEAR_US", 0.6)  # every draw is near enough
    words = draw_blocks.bases(1, 0, 32)
    drawn = draw_blocks.durations(Duration.exponential(1e6), words, 9)
    assert drawn.tolist() == [draws.drawn(Duration.exponential(1e6), int(word), 9) for word in words]


def test_an_attempt_more_moves_no_other_draw() -> None:
    base = draws.base_of(3, 12)
    keys = [draws.index_of(step, attempt, purpose) for step in range(3) for attempt in range(3) for purpose in range(9)]
    assert len({draws.unit(base, key) for key in keys}) == len(keys)


# --- histograms, outcomes -------------------------------------------------------------------------------------------


@given(st.integers(0, 2**62))
def test_a_bucket_holds_its_values_and_is_narrow(value: int) -> None:
    low, high = histogram.bounds_of(histogram.bucket_of(value))
    assert low <= value <= high
    assert high - low <= max(0, low // 128)


@given(st.lists(st.integers(0, 10**9), min_size=1), st.lists(st.integers(0, 10**9)))
def test_histograms_merge_in_any_order(one: list[int], other: list[int]) -> None:
    merged = histogram.of_values(one).merged(histogram.of_values(other))
    assert merged == histogram.of_values(other).merged(histogram.of_values(one)) == histogram.of_values(one + other)
    exact = sorted(one + other)[(len(one) + len(other) + 1) // 2 - 1]
    assert merged.quantile(0.5) == pytest.approx(exact, rel=1 / 128, abs=0.5)


def test_outcomes_merge_in_any_order_and_survive_the_way_to_bytes() -> None:
    outage = Window(from_us=0, until_us=2 * SECOND_US)
    played = model(stations=(erp(outages=(outage,), slots=3),), arrivals=at_once(30))
    one, two, three = (process.run(played, seed) for seed in (1, 2, 3))
    left = outcome.merge(outcome.merge(one, two), three)
    assert left == outcome.merge(one, outcome.merge(three, two)) == outcome.merged([three, one, two])
    assert left.runs == 3
    assert left.sla("whole").started == 90
    assert outcome.decode(outcome.encode(left)) == left
    with pytest.raises(ValueError, match="different models"):
        outcome.merge(one, process.run(model(), 1))


def test_a_model_says_the_same_after_json_and_its_digest_ignores_names() -> None:
    played = model(stations=(erp(limits=(Limit(requests=1, per_us=5),)),))
    assert decode(encode(played)) == played
    assert msgspec.structs.replace(played, name="another").digest() == played.digest()
    assert msgspec.structs.replace(played, end_us=1).digest() != played.digest()
    with pytest.raises(ValueError, match="version 8"):
        decode(encode(msgspec.structs.replace(played, version=8)))


# --- the front door -------------------------------------------------------------------------------------------------


def test_the_engine_is_chosen_by_the_work_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine.choose(model()).engine == "simpy"
    assert engine.choose(model(), "simpy", runs=10**6).reason == "asked for"
    assert engine.choose(model(arrivals=at_once(10**6)), runs=1).engine == ("kernel" if compiled.AVAILABLE else "simpy")
    monkeypatch.setattr(compiled, "AVAILABLE", False)
    assert "Numba is not installed" in engine.choose(model(), runs=10**6).reason
    assert engine.is_slow(model(), "auto", 10**6)
    assert not engine.is_slow(model(), "auto", 1)
    assert not engine.is_slow(model(), "simpy", 10**6)
    with pytest.raises(ValueError, match=r"q2c-harness\[fast\]"):
        engine.choose(model(), "kernel")


def test_a_kernel_is_compiled_anew_when_any_of_its_parts_has_changed(tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text("slots = 1")
    (tmp_path / "kernel.py").write_text("")
    before = compiled.sources_hash.__wrapped__(tmp_path)
    (tmp_path / "parts.py").write_text("slots = 2")
    assert compiled.sources_hash.__wrapped__(tmp_path) != before


@pytest.mark.skipif(not compiled.AVAILABLE, reason="the kernel needs Numba")
def test_the_compiled_kernel_is_kept_under_the_hash_of_its_parts() -> None:
    from simulator.whatif import kernel

    assert kernel.advance.py_func.__qualname__ == f"advance_{compiled.sources_hash()}"


def test_a_seed_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="the seed is -1"):
        engine.simulate(model(), -1)


def test_rows_go_to_parquet_as_they_come(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    played, collected = model(arrivals=at_once(40)), Collected()
    process.run(played, 1, collected)
    with ParquetRows(tmp_path / "rows.parquet", played) as sink:
        engine.simulate(played, 1, rows=sink)
    table = parquet.read_table(tmp_path / "rows.parquet")
    assert table.column("duration_us").to_pylist() == collected.rows[:, 3].tolist()
    assert set(table.column("sla").to_pylist()) == {"whole"}
    assert table.schema.metadata[b"model"].decode() == played.digest()


def test_arrivals_come_as_often_as_expected() -> None:
    pieces = (
        Piece(from_us=0, until_us=HOUR_US, expected=3_000.0, rise=3.0),
        Piece(from_us=2 * HOUR_US, until_us=3 * HOUR_US, expected=2_000.0),
    )
    stream = Arrivals(name="orders", route="order", pieces=pieces, follows=0.39, batch_max=4, batch_us=MINUTE_US)
    played = model(stations=(erp(slots=0),), arrivals=stream, end_us=4 * HOUR_US)
    began = np.sum([process.run(played, seed).sla("whole").began for seed in range(4)], axis=0) / 4
    brought = lifecycles_of(stream) / 5_000
    assert brought == pytest.approx(1.6, abs=0.01)
    assert began[0] == pytest.approx(3_000 * brought, rel=0.05)
    assert began[1] < 120
    assert began[2] == pytest.approx(2_000 * brought, rel=0.05)
    assert expected_attempts(played) == pytest.approx(5_000 * brought)


def test_what_is_known_brings_no_work() -> None:
    token = call(finds=Known(name="token", lasts_us=HOUR_US))
    assert expected_attempts(model(token, arrivals=at_once(1_000))) == pytest.approx(5)  # at once, and in four hours
    assert expected_attempts(model(token, arrivals=at_once(2))) == pytest.approx(2)
    assert expected_attempts(model(call(finds=Known(name="customer", of=30)), arrivals=at_once(1_000))) < 30.1


# --- what is refused ------------------------------------------------------------------------------------------------

REFUSED = {
    "utilisation 2.78": model(arrivals=at_once(4_000)),
    "ends before it begins": model(stations=(erp(outages=(Window(from_us=9, until_us=5),)),)),
    "lies outside the run": model(stations=(erp(outages=(Window(from_us=5 * HOUR_US, until_us=6 * HOUR_US),)),)),
    "the rate is 0 everywhere": model(
        arrivals=Arrivals(name="a", route="order", pieces=(Piece(from_us=0, until_us=5, expected=0.0),))
    ),
    "a rate is zero or above": model(
        arrivals=Arrivals(name="a", route="order", pieces=(Piece(from_us=0, until_us=5, expected=-1.0),))
    ),
    "its shape must be above 0": model(stations=(erp(service=Duration("lognormal", 1e6, 0.0)),)),
    "must be above 0": model(stations=(erp(service=Duration.exponential(-1.0)),)),
    "lets nothing through": model(stations=(erp(limits=(Limit(requests=0, per_us=5),)),)),
    "beyond whole numbers": model(stations=(erp(limits=(Limit(requests=10**12, per_us=SECOND_US),)),)),
    "a retry budget of 1000000000000": model(stations=(erp(budget=Budget(per_minute=10**12)),)),
    "no station is called 'none'": model(call("none")),
    "exactly one of": model(Step(name="nothing")),
    "nothing stamps the mark 'x'": model(slas=(Sla(name="s", begins="x", ends="out", bound_us=1),)),
    "it starts itself": model(Step(name="again", starts="order")),
    "a share lies between 0 and 1": model(call(share=1.5)),
    "0 attempts are impossible": model(call(retry=msgspec.structs.replace(call().retry, attempts=0))),
    "disagree on how many": model(call(finds=Known(name="a", of=1)), call(finds=Known(name="a", of=2))),
    "0 things": model(call(finds=Known(name="a", of=0))),
    "days of banks": model(call(days="business")),
    "longer at least than at most": model(Step(name="wait", pause=Duration.uniform(2, 1))),
    "no repair": model(repair=None),
    "its limits allow": model(
        stations=(erp(slots=0, limits=(Limit(requests=1, per_us=MINUTE_US),)),), arrivals=at_once(500)
    ),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_played_is_refused_with_the_reason(said: str) -> None:
    with pytest.raises(validity.Unplayable) as refused:
        engine.simulate(REFUSED[said], 1)
    assert said in str(refused.value)


def test_a_quota_that_is_exceeded_is_no_overload() -> None:
    quota = erp(slots=0, limits=(Limit(requests=5, per_us=HOUR_US, kind="window"),))
    validity.check(model(stations=(quota,), arrivals=at_once(500)))
    assert work_of(model(stations=(quota,)), quota).utilisation == 0.0
