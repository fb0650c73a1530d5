"""Recipes for dunning: the stage of an account on given days, the days on which stages begin, thresholds."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from domain.dunning import DunningProfile, Stage, earliest_unpaid
from domain.oracle.facts import Facts
from domain.oracle.recipe import Recipe, named

_PROFILE = (
    "profile",
    "stages",
    "states",
    "steps",
    "days",
    "thresholds_days",
    "after_days",
    "profile_days",
    "stages_days",
    "overdue_days",
)
_EARLIEST = (
    "earliest_unpaid",
    "earliest_unpaid_invoice",
    "invoice_date",
    "due_date",
    "earliest",
    "unpaid_since",
    "due",
)
_TODAY = ("today", "as_of", "dates", "on", "check_dates", "date", "checks", "at", "ages", "day", "days_since")
_INVOICES = ("invoices", "unpaid_invoices", "unpaid")


def _stage(facts: Facts, place: int, value: Any) -> Stage:
    if isinstance(value, Mapping):
        inner = Facts(facts.case_id, value, facts.policy)
        return Stage(str(inner.raw("name", "state", "stage")), inner.whole("days", "after_days", "after", "day"))
    if isinstance(value, list) and len(value) == 2:
        name, days = value if isinstance(value[0], str) and not value[0].isdigit() else (value[1], value[0])
        return Stage(str(name), int(facts.as_number(days, "days")))
    return Stage(f"OD{place + 1}", int(facts.as_number(value, "days")))


def _profile(facts: Facts) -> DunningProfile:
    values = facts.raw(*_PROFILE)
    if isinstance(values, Mapping):
        stages = [Stage(str(name), int(facts.as_number(days, "days"))) for name, days in values.items()]
    elif isinstance(values, list):
        stages = [_stage(facts, place, value) for place, value in enumerate(values)]
    else:
        raise facts.wrong(f"profile is {values!r}", "a list of days, of [name, days], or an object")
    start = str(facts.inputs.get("clear", facts.inputs.get("clear_state", facts.inputs.get("start_state", "current"))))
    return DunningProfile(stages=tuple(sorted(stages, key=lambda stage: stage.after_days)), start=start)


def _invoice(facts: Facts, value: Any) -> tuple[date, int]:
    if isinstance(value, Mapping):
        row = facts.row(value)
        balance = facts.money(row.amount("balance", "amount")).minor if row.has_amount("balance", "amount") else 1
        if value.get("paid") is True or value.get("status") == "paid":
            balance = 0
        return Facts(facts.case_id, value, facts.policy).day("date", "invoice_date", "due", "due_date"), balance
    if isinstance(value, list) and len(value) == 2:
        return facts.as_date(value[0], "invoice"), facts.money(facts.as_amount(value[1], "balance")).minor
    return facts.as_date(value, "invoice"), 1


def _since(facts: Facts) -> date | None:
    if facts.has(*_EARLIEST):
        return facts.day(*_EARLIEST)
    values = facts.raw(*_INVOICES)
    if not isinstance(values, list):
        raise facts.wrong(f"invoices is {values!r}", "a list of dates, [date, balance], or objects")
    return earliest_unpaid(_invoice(facts, value) for value in values)


def _days(facts: Facts, since: date | None) -> list[date]:
    value = facts.raw(*_TODAY)
    days = []
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, int) and since is not None:
            days.append(since + timedelta(days=part))
        else:
            days.append(facts.as_date(part, "day"))
    return days


def _stages(facts: Facts) -> Mapping[str, Any]:
    profile, since = _profile(facts), _since(facts)
    begins = [] if since is None else [since + timedelta(days=stage.after_days) for stage in profile.stages]
    outputs = named(
        {
            "date transition_date transition begins entered_on": [day.isoformat() for day in begins],
            "earliest_unpaid since": None if since is None else since.isoformat(),
        }
    )
    outputs |= {stage.name.lower(): day.isoformat() for stage, day in zip(profile.stages, begins, strict=False)}
    if not facts.has(*_TODAY):
        outputs |= named({"stage state status": [stage.name for stage in profile.stages]})
    else:
        days = _days(facts, since)
        names = [profile.stage(since, day) for day in days]
        many = isinstance(facts.raw(*_TODAY), list)
        changes = [profile.next_change(since, day) for day in days]
        next_days = [None if day is None else day.isoformat() for day in changes]
        outputs |= named(
            {
                "stage state status": names if many else names[0],
                "next_date next_change next_action": next_days if many else next_days[0],
            }
        )
    return outputs


def _threshold(facts: Facts) -> Mapping[str, Any]:
    overdue, limits = facts.raw("overdue"), facts.raw("thresholds", "threshold")
    if not isinstance(overdue, Mapping) or not isinstance(limits, Mapping):
        raise facts.wrong("overdue and thresholds must be objects of currency and amount")
    reached = {}
    for currency, amount in overdue.items():
        row = facts.row({"currency": currency})
        limit = row.as_amount(limits.get(currency, "0"), "threshold")
        have = row.as_amount(amount, "overdue")
        reached[str(currency)] = have > 0 and have >= limit
    return named({"dunned dunning": any(reached.values())}) | {key.lower(): value for key, value in reached.items()}


RECIPES = (
    Recipe("stages", lambda f: f.has(*_PROFILE) and f.has(*_EARLIEST, *_INVOICES), _stages),
    Recipe("thresholds", lambda f: f.has("overdue") and f.has("thresholds", "threshold"), _threshold),
)
