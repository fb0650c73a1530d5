"""A stage: a tiny company in which a test says what people do; everything else is the real code of a rehearsal.

    stage = Stage()
    stage.customer()
    stage.signs("Q-000001")
    played = stage.play(days=3)
    assert played.status("erp", "order", "Q-000001-v1") == "fulfilled"

The play begins at nine o'clock in New York on Monday, 30 November 2026; `at` counts hours from then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

import msgspec

from contracts.checks.judge import judge
from contracts.checks.verdict import Verdict
from domain.acts import Act
from domain.faults import Fault
from domain.history import Attempted, Case, Changed, Delivered, Emitted, MemoryHistory, Record
from domain.objects import Delta
from integration.effects import Start
from integration.settings import Settings
from scenarios.ground import ground
from scenarios.language import Scenario
from scenarios.population import seeds
from scenarios.timeline import Timeline, build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal
from simulator.setup import settings_of

R = TypeVar("R")
SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US
TODAY = date(2026, 11, 30)
OPENS_US = 1_796_047_200_000_000  # 2026-11-30T09:00 in New York
ACCOUNT, PAYER = "A-000001", "cus_000001"
CORE, MORE = "PLAT-STD", "ANLY-STD"
LIVE = "Q-900001"

_SCENARIO = Scenario.model_validate(
    {
        "name": "stage",
        "title": "A stage",
        "question": "None",
        "world": {"orders_per_quarter": 1, "live_subscriptions": 0},
        "rehearse": {"from": "2026-11-30", "to": "2026-12-18"},
        "failures": {"missing_mapping": "0%"},
        "people": {"opens": "00:00", "closes": "23:59", "wait_external": "0%"},
    }
)
_SEEDS = tuple(
    msgspec.structs.replace(act, at_us=OPENS_US)
    for act in seeds(ground(_SCENARIO, 1))
    if act.action != "publish_price_book"  # tests set what prices they like
)
_TIMELINE = build(_SCENARIO, 1)


class Played:
    """What a play left behind: its records, and the questions tests ask of them."""

    def __init__(self, rehearsal: Rehearsal, records: list[Record]) -> None:
        self.rehearsal = rehearsal
        self.records = records

    def of(self, kind: type[R]) -> list[R]:
        """Return the records of a type."""
        return [record for record in self.records if isinstance(record, kind)]

    def changes(self, system: str, kind: str, key: str = "") -> list[Changed]:
        """Return the changes of a kind of document in a system, or those of one document."""
        found = [c for c in self.of(Changed) if (c.system, c.kind) == (system, kind)]
        return [change for change in found if key in ("", change.id)]

    def last(self, system: str, kind: str, key: str = "") -> dict[str, Changed]:
        """Return the last change of each document of a kind, by id."""
        return {change.id: change for change in self.changes(system, kind, key)}

    def statuses(self, system: str, kind: str) -> list[str]:
        """Return the last status of each document of a kind in a system, in the order of creation."""
        return [change.status for change in self.last(system, kind).values()]

    def documents(self, system: str, kind: str) -> list[Any]:
        """Return each document of a kind in a system as it was at the end, in the order of creation."""
        return [change.document for change in self.last(system, kind).values()]

    def document(self, system: str, kind: str) -> Any:
        """Return the only document of a kind in a system."""
        (found,) = self.documents(system, kind)
        return found

    def versions(self, system: str, kind: str) -> list[Any]:
        """Return every version of every document of a kind in a system, in order."""
        return [change.document for change in self.changes(system, kind)]

    def walk(self, system: str, kind: str, key: str = "") -> list[str]:
        """Return the statuses a document (the only one, by default) went through, repetitions left out."""
        found: list[str] = []
        for change in self.changes(system, kind, key):
            if not found or found[-1] != change.status:
                found.append(change.status)
        return found

    def attempts(self, operation: str, system: str = "") -> list[Attempted]:
        """Return the attempts of an operation."""
        return [a for a in self.of(Attempted) if a.operation == operation and system in ("", a.system)]

    def delivered(self, topic: str) -> list[Delivered]:
        """Return the deliveries of a topic."""
        return [each for each in self.of(Delivered) if each.topic == topic]

    def cases(self) -> dict[str, list[Case]]:
        """Return what became of each exception case, by its code."""
        found: dict[str, list[Case]] = {}
        for case in self.of(Case):
            found.setdefault(case.code, []).append(case)
        return found

    def events(self) -> list[str]:
        """Return the types of the canonical events, without their version."""
        return [event.type.removeprefix("q2c.").removesuffix(".v1") for event in self.of(Emitted)]

    def verdict(self) -> Verdict:
        """Return what the checks say."""
        return judge(MemoryHistory(self.records))

    def broken(self) -> dict[str, str]:
        """Return the first violation of each broken check: empty when all is well."""
        return {r.check: r.violations[0].sentence for r in self.verdict().results if r.broken}


class Stage:
    """Collects what people do and what goes wrong, then plays it.

    `missing` names the skus whose ERP items nobody has entered when the play begins; `clerks` is how many work, and
    `gives_up` the share of cases that they cancel wherever that is possible.
    `ledgers` names the system that keeps the books of a legal entity, where that is not the ERP. `page_size` is how
    many rows a vendor puts on a page, where that is not its usual number.
    """

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        self.acts: list[Act] = []
        self.quotes = 0
        self.missing: tuple[str, ...] = ()
        self.clerks = 6
        self.gives_up = Fraction(0)
        self.ledgers: dict[str, str] = {}
        self.page_size: int | None = None
        self._methods: dict[str, str] = {}

    def act(self, system: str, action: str, at: float = 0.0, txn: str = "", **arguments: Any) -> None:
        """Have somebody do something in a system, so many hours after the opening."""
        at_us = OPENS_US + SECOND_US + round(at * HOUR_US)
        self.acts.append(Act(at_us=at_us, system=system, action=action, arguments=arguments, txn=txn))

    def customer(self, method: str = "card", account: str = ACCOUNT, at: float = 0.0, **behaviour: Any) -> None:
        """Have sales open an account, and its owner choose how to pay."""
        self._methods[account] = method
        place = {
            "country": "US",
            "region": "CA",
            "postal_code": "94105",
            "city": "San Francisco",
            "street": "1 Main St",
        }
        self.act(
            "crm", "create_account", at, account=account, name="Acme", entity="US", currency="USD",
            payment_customer=f"cus_{account[2:]}", tax_id=f"12-{account[2:]}", **place,
        )  # fmt: skip
        self.act(
            "payment", "create_customer", at, account=account, name="Acme", currency="USD", method=method,
            payment_customer=f"cus_{account[2:]}", payment_method=f"pm_{account[2:]}", **behaviour,
        )  # fmt: skip

    def signs(
        self,
        number: str,
        at: float = 1.0,
        account: str = ACCOUNT,
        lines: tuple[tuple[str, int, int, int], ...] = ((CORE, 10, 50_00, 12),),
        takes_seconds: int | None = 1800,
        **said: Any,
    ) -> None:
        """Have a customer sign a quote; a line is (sku, quantity, unit price, months)."""
        rows = [
            {"sku": sku, "quantity": quantity, "unit_minor": unit, "months": months, "list_unit_minor": unit}
            for sku, quantity, unit, months in lines
        ]
        self._signed(number, at, account=account, lines=rows, term_start=TODAY, term_months=12, **said)
        if takes_seconds is not None:
            self.act("fulfilment", "set_duration", at, number, id=f"{number}-v1", seconds=takes_seconds)

    def signs_with_entities(
        self,
        number: str,
        *lines: tuple[str, int, int, str, str],
        at: float = 1.0,
        takes_seconds: int = 1800,
        **said: Any,
    ) -> None:
        """Have a customer sign a quote of several entities; a line is (sku, quantity, unit, seller, deliverer)."""
        rows = [
            {"sku": sku, "quantity": quantity, "unit_minor": unit, "list_unit_minor": unit, "entity": seller,
             "delivered_by": deliverer}
            for sku, quantity, unit, seller, deliverer in lines
        ]  # fmt: skip
        self._signed(number, at, account=ACCOUNT, lines=rows, term_start=TODAY, term_months=12, **said)
        for seller in {seller or "US" for _, _, _, seller, _ in lines}:
            name = f"{number}.{seller}-v1"
            self.act("fulfilment", "set_duration", at, f"{number}.{seller}", id=name, seconds=takes_seconds)

    def amends(
        self,
        number: str,
        subscription: str,
        kind: str,
        effective: date,
        at: float,
        *deltas: Delta,
        sequence: int = 1,
        account: str = ACCOUNT,
        co_term_end: date | None = None,
        **said: Any,
    ) -> None:
        """Have a customer sign an amendment of a subscription."""
        self._signed(
            number, at, account=account, kind="amend", amendment_kind=kind, subscription=subscription,
            effective_date=effective, sequence=sequence, deltas=[msgspec.to_builtins(delta) for delta in deltas],
            co_term_end=co_term_end, **said,
        )  # fmt: skip

    def renews(
        self, number: str, subscription: str, start: date, at: float, *lines: tuple[str, int, int, int],
        account: str = ACCOUNT, kind: str = "", months: int = 12,
    ) -> None:  # fmt: skip
        """Have a customer sign the successor of a contract (or the contract itself: kind "auto")."""
        rows = [
            {"sku": sku, "quantity": quantity, "unit_minor": unit, "months": length, "list_unit_minor": unit}
            for sku, quantity, unit, length in lines
        ]
        self._signed(
            number, at, account=account, kind="renew", amendment_kind=kind, subscription=subscription, lines=rows,
            term_start=start, term_months=months,
        )  # fmt: skip

    def _signed(self, number: str, at: float, **said: Any) -> None:
        self.quotes += 1
        this = {"number": number, "version": 1}
        said = {"kind": "new", "payment_method": self._methods[said["account"]], **said}
        quote = {"entity": "US", "currency": "USD", "valid_until": date(2027, 6, 1), **said}
        self.act("crm", "create_quote", at - 0.3, number, **this, **quote)
        self.act("crm", "submit_quote", at - 0.2, number, **this)
        self.act("crm", "approve_quote", at - 0.1, number, **this, approver="sales_manager")
        self.act("crm", "accept_quote", at, number, **this, signer="Jo Doe")

    def subscribed(
        self,
        *items: tuple[str, int, int, int],
        account: str = ACCOUNT,
        method: str = "card",
        start: str = "2026-11-01",
        term_end: str = "2027-11-01",
        **said: Any,
    ) -> None:
        """Have a customer hold a subscription since 1 November, billed and paid for its first period."""
        self.customer(method, account)
        self.act(
            "erp", "create_customer", 0.0, account=account, name="Acme", entity="US", currency="USD", terms_days=30
        )
        rows = [
            {"sku": sku, "kind": "recurring", "quantity": quantity, "unit_minor": unit, "months": months}
            for sku, quantity, unit, months in items or ((CORE, 10, 1200_00, 12),)
        ]
        months = rows[0]["months"]
        self.act(
            "billing", "seed_subscription", 0.0, LIVE, id=LIVE, account=account, name="Acme", entity="US",
            currency="USD", country="US", region="CA", postal_code="94105", city="San Francisco", street="1 Main St",
            net_term_days=30, items=rows, start=start, term_end=term_end,
            billed_to=term_end if months == 12 else "2026-12-01", **said,
        )  # fmt: skip

    def timeline(self, days: float, heal_after: float) -> Timeline:
        """Return the play as a timeline; faults strike until `heal_after` days have passed."""
        seeded = [act for act in self.acts if act.action == "seed_subscription"]
        rest = sorted((act for act in self.acts if act.action != "seed_subscription"), key=lambda act: act.at_us)
        early = [msgspec.structs.replace(act, at_us=OPENS_US) for act in (*rest, *seeded) if _is_early(act)]
        acts = [*_SEEDS, *early, *(act for act in rest if not _is_early(act))]
        people = _SCENARIO.people.model_copy(update={"clerks": self.clerks, "gives_up": self.gives_up})
        entities = [
            each.model_copy(update={"books": self.ledgers.get(each.id, "erp")}) for each in _SCENARIO.world.entities
        ]
        world = _SCENARIO.world.model_copy(update={"entities": tuple(entities)})
        return replace(
            _TIMELINE,
            scenario=_SCENARIO.model_copy(update={"people": people, "world": world}),
            systems=tuple(plan._replace(page_size=self.page_size) for plan in _TIMELINE.systems),
            mapping_missing=self.missing,
            start_us=OPENS_US,
            heal_us=OPENS_US + round(heal_after * DAY_US),
            horizon_us=OPENS_US + round(days * DAY_US),
            settle_seconds=3600,
            faults=self.faults,
            lifecycles=self.quotes,
            acts=acts,  # type: ignore[arg-type]  # a plain list is as good: it is iterated and counted
        )

    def play(
        self,
        days: float = 2.0,
        heal_after: float | None = None,
        starts: Iterable[tuple[float, Start]] = (),
        **settings: Any,
    ) -> Played:
        """Play it for so many days with the reference integration, whose settings may be changed.

        `starts` are flows that somebody starts by hand, so many hours after the opening.
        """
        timeline = self.timeline(days, days * 0.9 if heal_after is None else heal_after)
        chosen: Settings = msgspec.structs.replace(settings_of(timeline), **settings)
        recorder = MemoryRecorder()
        rehearsal = Rehearsal(timeline, recorder, chosen)
        for at, start in starts:
            at_us = OPENS_US + SECOND_US + round(at * HOUR_US)
            rehearsal.host.call_at(at_us, _launch, rehearsal, start)
        rehearsal.run(steps=1)
        return Played(rehearsal, recorder.records)


def _launch(rehearsal: Rehearsal, start: Start) -> None:
    rehearsal.integration.launch(start)


def _is_early(act: Act) -> bool:
    return act.at_us <= OPENS_US + SECOND_US and act.action in (
        "create_account",
        "create_customer",
        "seed_subscription",
    )
