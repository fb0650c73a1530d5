"""The shipped table, and what acts lay over it."""

from __future__ import annotations

from datetime import date

import pytest

from mocks.tax.rates import STATE_DIGITS, Rates, component, shipped, taxable_percent

DAY = date(2026, 12, 31)


def test_every_state_has_a_row_and_every_row_adds_up_to_a_plausible_rate() -> None:
    assert len(STATE_DIGITS) == 51
    for (country, region, prefix), parts in shipped().items():
        assert 0 <= sum(part.ppm for part in parts) < 260_000, (country, region, prefix)
        assert len({part.code for part in parts}) == len(parts)


def test_a_prefix_wins_over_its_region_and_a_region_over_its_country() -> None:
    rates = Rates()
    assert [part.level for part in rates.find("US", "CA", "90001", DAY)] == ["State", "County", "City", "Special"]
    assert [part.level for part in rates.find("US", "CA", "95814", DAY)] == ["State", "County"]
    assert [part.level for part in rates.find("CA", "ON", "M5V", DAY)] == ["Country", "State"]
    assert [part.level for part in rates.find("GB", "LND", "E1", DAY)] == ["Country"]
    assert rates.find("US", "OR", "97201", DAY) == ()
    assert rates.find("ZZ", "", "", DAY) == ()


def test_changes_count_from_their_day_and_the_latest_wins() -> None:
    rates = Rates()
    old = (component("GB", "", "Country", "", "10", "VAT"),)
    new = (component("GB", "", "Country", "", "12.5", "VAT"),)
    rates.set("GB", "", "*", date(2026, 1, 1), old)
    rates.set("GB", "", "*", date(2027, 1, 1), new)
    assert rates.find("GB", "", "", date(2025, 1, 1))[0].ppm == 175_000
    assert rates.find("GB", "", "", DAY) == old
    assert rates.find("GB", "", "", date(2027, 1, 1))[0].ppm == 125_000


@pytest.mark.parametrize(
    ("code", "region", "percent"), [("SAAS", "TX", 80), ("SAAS", "NV", 0), ("SUPPORT", "PA", 50), ("", "PA", 100)]
)
def test_taxable_shares(code: str, region: str, percent: int) -> None:
    assert taxable_percent(code, "US", region) == percent
