"""The tax changes between the estimate of an order and its bill (F65): what is billed is what was committed."""

from __future__ import annotations

from domain.history import Changed
from tests.stage import Played, Stage

CALIFORNIA = {"country": "US", "region": "CA", "postal_prefix": "941"}


def billed(percent: str = "") -> Played:
    """Return the play of an order whose tax becomes another one, two hours before it is delivered and billed."""
    stage = Stage()
    stage.customer()
    stage.signs("Q-000001", takes_seconds=3 * 3600)
    if percent:
        rates = [{"level": "State", "percent": percent}]
        stage.act("tax", "set_rates", at=2.0, components=rates, **CALIFORNIA)
        stage.act("tax", "set_rates", at=2.0, components=rates, country="US", region="CA")
    return stage.play(days=3)


def test_an_order_is_billed_with_the_tax_of_the_day_it_is_billed() -> None:
    before, after = billed(), billed("20")
    (old,), (new,) = before.documents("billing", "invoice"), after.documents("billing", "invoice")
    net_minor = new.total_minor - new.tax_minor
    assert old.total_minor - old.tax_minor == net_minor
    assert (new.tax_minor, new.tax_minor == old.tax_minor) == (net_minor // 5, False)
    committed = [each for each in after.of(Changed) if (each.system, each.kind) == ("tax", "tax_document")]
    assert committed, "the tax engine has a document of it"
    assert after.broken() == {}
    assert after.verdict().status == "holds"
