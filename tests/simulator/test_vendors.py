"""Limits and interfaces that vendors change, rates that move, the legacy ERP's batches, as a rehearsal has them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from domain.history import Drifted, Grant
from domain.paging import PAGE_SIZES_MAX
from integration.settings import Settings, SystemLimits
from mocks.kernel.limits import LimitPolicy
from mocks.world import World
from scenarios import loader
from scenarios.moments import moments
from scenarios.timeline import Timeline, build
from simulator import vendors
from simulator.replay.manners import manners
from simulator.replay.target import Target
from simulator.setup import limits_of, quirks_of, settings_of

HEAD = "name: a_scenario\ntitle: t\nquestion: q\nworld: {orders_per_quarter: 10, live_subscriptions: 0}\n"
HOUR_US = 3_600_000_000


def the_timeline(text: str) -> Timeline:
    return build(loader.parse(HEAD + text), 1)


class Diary:
    """Remembers what was asked to be called at which instant, and lets time pass."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, Callable[[], None]]] = []

    def call_at(self, at_us: int, call: Callable[[], None]) -> None:
        self.entries.append((at_us, call))

    def until(self, now_us: int) -> None:
        due = sorted((each for each in self.entries if each[0] <= now_us), key=lambda each: each[0])
        self.entries = [each for each in self.entries if each[0] > now_us]
        for _, call in due:
            call()


def test_a_licence_shrinks_at_its_instant_and_comes_back_when_it_is_over() -> None:
    timeline = the_timeline(
        "limit_changes:\n  - {system: erp, from: quarter_end - 48h, lasts: 24h, slots: 7}\n"
        "  - {system: payment, from: quarter_end - 48h, rps: 25}\n"
        "  - {system: crm, from: quarter_end - 48h, daily_calls: 60000}\n"
    )
    world = World(1, lambda record: None, limits=limits_of(timeline), quirks=quirks_of(timeline))
    diary, cutoff_us = Diary(), moments(timeline.scenario).at_us("quarter_end", None)
    vendors.schedule(timeline, world, diary.call_at)
    diary.until(cutoff_us - 48 * HOUR_US - 1)
    assert (world["erp"].limiter.policy.concurrent, world["payment"].limiter.policy.requests) == (15, 100)
    diary.until(cutoff_us - 48 * HOUR_US)
    assert (world["erp"].limiter.policy.concurrent, world["payment"].limiter.policy.requests) == (7, 25)
    assert world["crm"].model.allowance.maximum == 60_000
    diary.until(cutoff_us - 24 * HOUR_US)
    assert (world["erp"].limiter.policy.concurrent, world["payment"].limiter.policy.requests) == (15, 25)
    assert world["crm"].model.allowance.maximum == 60_000


def test_every_system_has_pages_of_the_size_that_a_scenario_says() -> None:
    sizes = {"crm": 1, "erp": 2, "billing": 3, "tax": 4, "payment": 5, "fulfilment": 6}
    said = "".join(f"  {name}: {{page_size: {size}}}\n" for name, size in sizes.items())
    quirks = quirks_of(the_timeline(f"systems:\n{said}"))
    assert {name: each.page_size for name, each in quirks.items() if name != "legacy_erp"} == {**sizes, "erp2": 2}
    usual = quirks_of(the_timeline("systems: {erp: {slots: 5}}\n"))
    assert {name: usual[name].page_size for name in PAGE_SIZES_MAX} == dict(PAGE_SIZES_MAX)


def test_a_replay_has_the_pages_of_its_scenario_unless_its_target_says_otherwise() -> None:
    timeline = the_timeline("systems: {erp: {page_size: 2}, payment: {page_size: 2}}\n")
    found = manners(
        timeline, Target(name="mine", health="http://127.0.0.1:1", switches={"payment.page_size": 7}), speed=1
    )
    assert (found["erp"].page_size, found["payment"].page_size) == (2, 7)


def test_a_second_account_of_the_erp_takes_as_much_as_the_first_and_the_integration_knows() -> None:
    entities = [
        "{id: US, currency: USD, zone: America/New_York, country: US, share: 50%}",
        "{id: UK, currency: GBP, zone: Europe/London, country: GB, share: 50%, books: erp2}",
    ]
    head = HEAD.replace("live_subscriptions: 0", f"live_subscriptions: 0, entities: [{', '.join(entities)}]")
    timeline = build(loader.parse(head + "systems: {erp: {slots: 5, rps: 7}}\n"), 1)
    assert limits_of(timeline)["erp2"] == limits_of(timeline)["erp"] == LimitPolicy(requests=7, concurrent=5)
    assert settings_of(timeline).limits["erp2"] == SystemLimits(requests=7, concurrent=5)
    assert "erp2" not in limits_of(the_timeline("systems: {erp: {slots: 5}}\n")), "there is none"
    assert Settings().limits["erp2"] == Settings().limits["erp"], "what the vendor grants by default"


def test_the_checks_are_told_what_a_vendor_grants_and_how_long() -> None:
    timeline = the_timeline(
        "limit_changes:\n  - {system: erp, from: quarter_end - 48h, lasts: 24h, slots: 7}\n"
        "  - {system: payment, from: quarter_end - 48h, rps: 25}\n"
    )
    start_us = moments(timeline.scenario).at_us("quarter_end - 48h", None)
    assert vendors.grants(timeline) == (
        Grant(system="erp", start_us=start_us, end_us=start_us + 24 * HOUR_US, concurrent=7),
        Grant(system="payment", start_us=start_us, end_us=timeline.horizon_us, requests=25),
    )


def test_the_checks_are_told_how_an_interface_is_altered_and_how_long() -> None:
    timeline = the_timeline(
        "drifts:\n  - {name: netsuite-field-renamed, from: quarter_end - 48h, lasts: 24h}\n"
        "  - {name: stripe-new-enum-value, from: quarter_end - 36h}\n"
    )
    start_us = moments(timeline.scenario).at_us("quarter_end - 48h", None)
    renamed, valued = vendors.drifted(timeline)
    assert renamed == Drifted(
        system="erp", name="netsuite-field-renamed", start_us=start_us, end_us=start_us + 24 * HOUR_US
    )
    assert (valued.system, valued.start_us) == ("payment", start_us + 12 * HOUR_US)


def test_an_interface_drifts_in_its_window_and_is_plain_again_after_it() -> None:
    timeline = the_timeline(
        "drifts:\n  - {name: netsuite-field-renamed, from: quarter_end - 48h, lasts: 24h}\n"
        "  - {name: netsuite-column-dropped, from: quarter_end - 36h}\n"
    )
    world = World(1, lambda record: None, limits=limits_of(timeline), quirks=quirks_of(timeline))
    plain, diary = world["erp"].dialect, Diary()
    cutoff_us = moments(timeline.scenario).at_us("quarter_end", None)
    vendors.schedule(timeline, world, diary.call_at)
    diary.until(cutoff_us - 48 * HOUR_US - 1)
    assert world["erp"].dialect is plain
    diary.until(cutoff_us - 40 * HOUR_US)
    renamed = world["erp"].dialect
    assert renamed is not plain
    diary.until(cutoff_us - 20 * HOUR_US)
    assert world["erp"].dialect not in (plain, renamed)
    diary.until(moments(timeline.scenario).heal_us)
    assert world["erp"].dialect is plain


def rates(timeline: Timeline, moved: bool) -> dict[tuple[str, str, str], Fraction]:
    rows = [act.arguments for act in timeline.acts if act.action == "add_rate"]
    return {
        (row["from"], row["to"], row["date"]): Fraction(row["rate"])
        for row in rows
        if ("moved" in row["rate_id"]) == moved
    }


def test_a_rate_that_moves_is_published_for_the_day_and_for_all_months_after_it() -> None:
    timeline = the_timeline("rate_moves:\n  - {at: quarter_end - 3d, currency: EUR, moves: 6%}\n")
    moved, usual = rates(timeline, moved=True), rates(timeline, moved=False)
    for day, month, pair, factor in (
        ("2026-12-29", "2026-12-01", ("EUR", "USD"), Fraction(106, 100)),
        ("2027-01-01", "2027-01-01", ("EUR", "USD"), Fraction(106, 100)),
        ("2026-12-29", "2026-12-01", ("USD", "EUR"), Fraction(100, 106)),
    ):
        assert abs(moved[*pair, day] / usual[*pair, month] - factor) < Fraction(1, 10**5)
    assert all("EUR" in (source, target) for source, target, _ in moved)


def test_the_legacy_erp_works_by_the_day_of_the_entity_whose_books_it_keeps() -> None:
    quirks = quirks_of(the_timeline("batch: {opens: '07:00', closes: '20:00', every: 2h}\n"))["legacy_erp"]
    assert (quirks.opens_hour, quirks.closes_hour, quirks.batch_minutes) == (7, 20, 120)
    uk = "{id: UK, currency: GBP, zone: Europe/London, country: GB, share: 100%, books: legacy_erp}"
    kept = build(loader.parse(HEAD.replace("live_subscriptions: 0", f"live_subscriptions: 0, entities: [{uk}]")), 1)
    assert quirks_of(kept)["legacy_erp"].zone == "Europe/London"
