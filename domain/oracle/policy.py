"""Policies of a case: which fields and values the oracle knows, and the names results take for each alternative."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from domain.oracle.result import NotUnderstood
from domain.proration import Bounds, DayCount, ProrationPolicy
from domain.rounding import Rounding
from domain.tax import InclusiveMethod, TaxLevel

_DAY_COUNT_NAMES = {
    DayCount.ACT_ACT: "actual act_act",
    DayCount.FIXED_N: "fixed_n fixed",
    DayCount.ACT_30: "act_30 act30 actual_360 act_360 actual_30",
    DayCount.STRICT_30_360: "strict_30_360 30_360 thirty_360 strict",
    DayCount.SECONDS: "seconds second by_second",
    DayCount.MILLISECONDS: "milliseconds millisecond ms",
    DayCount.ACT_365: "act_365 day daily cpq_day",
    DayCount.MONTHS_CEIL: "months_ceil month monthly cpq_month",
    DayCount.MONTHS_PLUS_DAYS: "months_plus_days month_plus_day monthly_plus_daily monthly_daily",
    DayCount.OWN_CADENCE: "own_cadence",
    DayCount.NONE: "none no_proration",
    DayCount.FULL: "full",
    DayCount.NEXT_CYCLE: "next_cycle",
}
_LINE = "line line_level per_line round_per_line"
_DOCUMENT = "document document_level per_document round_globally global doc"

CHOICES: Mapping[str, Mapping[str, str]] = {
    "day_count": {kind.value: names for kind, names in _DAY_COUNT_NAMES.items()},
    "interval": {"half_open": "half_open exclusive", "inclusive": "inclusive closed"},
    "rounding": {mode.value: mode.value.lower() for mode in Rounding},
    "tax_rounding": {"LINE": _LINE, "DOCUMENT": _DOCUMENT},
    "tax_inclusive_rounding": {"NET_FIRST": "net_first", "TAX_FIRST": "tax_first"},
    "allocation": {
        "LARGEST_REMAINDER": "largest_remainder largest_remainder_first_index",
        "FLOOR": "floor floor_based",
    },
    "rating": {
        name: f"{name.lower()} {extra}"
        for name, extra in {
            "PER_UNIT": "unit standard",
            "GRADUATED": "tiered_graduated",
            "VOLUME": "tiered_volume",
            "PACKAGE": "packages",
            "FLAT": "flat_fee",
            "PERCENTAGE": "percent",
            "COMMIT": "minimum_commit min_commit commitment minimum",
            "CAP": "maximum",
            "DRAWDOWN": "prepaid",
        }.items()
    },
    "revrec": {
        "DAILY_RESIDUAL_LAST": "daily straight_line",
        "EVEN_PERIODS": "even even_period",
        "MONTHLY_ONE_DECIMAL": "monthly months months_one_decimal monthly_rounded monthly_tenths monthly_residual_last",
        "PRORATE_FIRST_LAST": "prorate_first_and_last prorate",
        "PERIOD_RATE": "exact_days period",
        "RAMP_STRAIGHT_LINE": "ramp",
        "SSP": "allocation relative_ssp",
        "MILESTONE": "milestones point_in_time",
        "PROSPECTIVE": "modification",
        "CATCH_UP": "cumulative_catch_up",
    },
    "chargeback_reopens": {"on_open": "open", "on_lost": "lost"},
    "style": {"CREDIT_RECHARGE": "credit_charge credit_and_charge", "RECOMPUTE_BOTH": "recompute"},
    "credit_base": {"BILLED": "flexible debited", "CATALOGUE": "classic catalog list current_price"},
    "change_day": {"NEW": "belongs_to_new", "OLD": "belongs_to_old"},
}
"""policy field -> {canonical value: other names for it}, as policies and as names of results."""

_FREE = """n zone scale digits nominal_days term_months basis_days whole_days capped cap reverse_charge compound
withholding coupon coupons credit_note hierarchy dunning gl fx refund commit minimum anchor leap_day tz currency
application tolerance conversion refund_adjustment adjustment billing_mode stub one_time timezone profile usage"""
FREE_FIELDS = frozenset(_FREE.split())
"""Fields whose value is read where it matters, or only describes."""

_ALIASES: dict[str, dict[str, str]] = {
    field: {name: value for value, names in values.items() for name in (value.lower(), *names.split())}
    for field, values in CHOICES.items()
}


class Policy(msgspec.Struct, frozen=True):
    """A case's policy with one chosen value per field."""

    case_id: str
    chosen: Mapping[str, str]
    free: Mapping[str, Any]
    alternatives: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, case_id: str, fields: Mapping[str, Any], convention: str) -> "Policy":
        """Read a policy object; "A|B" means that results are wanted under both, the first being the default."""
        chosen: dict[str, str] = {}
        alternatives: dict[str, tuple[str, ...]] = {}
        free: dict[str, Any] = {}
        for field, value in fields.items():
            if field in CHOICES:
                alternatives[field] = _alternatives(case_id, field, value)
                chosen[field] = alternatives[field][0]
            elif field in FREE_FIELDS:
                free[field] = value
            else:
                known = ", ".join(sorted((*CHOICES, *FREE_FIELDS)))
                raise NotUnderstood(case_id, f"policy field {field!r} is unknown", known)
        for field, canonical in _from_convention(convention):
            chosen.setdefault(field, canonical)
        fixed = _FIXED_SPELLED.search(convention)
        if fixed and "n" not in free and int(fixed[1]) > 0:
            free["n"] = int(fixed[1])
        if "interval" not in chosen and "inclusive" in convention.lower().replace("tax-inclusive", ""):
            chosen["interval"] = "inclusive"
        return cls(case_id, chosen, free, alternatives)

    def having(self, field: str, value: str, **free: Any) -> "Policy":
        """Return the policy with one field changed."""
        return msgspec.structs.replace(self, chosen={**self.chosen, field: value}, free={**self.free, **free})

    def get(self, field: str, default: str = "") -> str:
        """Return the chosen value of a field."""
        return self.chosen.get(field, default)

    @property
    def mode(self) -> Rounding:
        """Return the rounding mode, HALF_UP when none is named (0.2)."""
        return Rounding(self.get("rounding", "HALF_UP"))

    @property
    def bounds(self) -> Bounds:
        """Return how intervals are written."""
        return Bounds(self.get("interval", "half_open"))

    @property
    def level(self) -> TaxLevel:
        """Return the tax rounding level, LINE when none is named (0.8)."""
        return TaxLevel(self.get("tax_rounding", "LINE"))

    @property
    def inclusive_method(self) -> InclusiveMethod:
        """Return which part of a gross price rounds first."""
        return InclusiveMethod(self.get("tax_inclusive_rounding", "NET_FIRST"))

    def whole(self, field: str, default: int) -> int:
        """Return a free field that must be a whole number above zero."""
        value = self.free.get(field, default)
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise NotUnderstood(self.case_id, f"policy field {field!r} is {value!r}", "a whole number above 0")
        return value

    def proration(self, default: DayCount = DayCount.ACT_ACT) -> ProrationPolicy:
        """Return the proration policy that the fields describe."""
        day_count = DayCount(self.get("day_count", default.value))
        uncapped = (DayCount.ACT_365, DayCount.MONTHS_CEIL, DayCount.MONTHS_PLUS_DAYS)
        return ProrationPolicy(
            day_count=day_count,
            bounds=self.bounds,
            rounding=self.mode,
            month_days=self.whole("n", 30),
            term_months=self.whole("term_months", 12),
            basis_days=self.whole("basis_days", 365),
            nominal_days=self.whole("nominal_days", 30),
            whole_days=bool(self.free.get("whole_days", False)),
            change_day_is_new=self.get("change_day", "NEW") == "NEW",
            capped=day_count not in uncapped,
        )


_WORDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "revrec": (
        ("even", "EVEN_PERIODS"),
        ("daily", "DAILY_RESIDUAL_LAST"),
        ("prorate", "PRORATE_FIRST_LAST"),
        ("period_rate", "PERIOD_RATE"),
        ("month", "MONTHLY_ONE_DECIMAL"),
        ("ramp", "RAMP_STRAIGHT_LINE"),
        ("ssp", "SSP"),
        ("catch", "CATCH_UP"),
    ),
    "allocation": (("largest_remainder", "LARGEST_REMAINDER"), ("floor", "FLOOR")),
    "rating": (
        ("graduated", "GRADUATED"),
        ("volume", "VOLUME"),
        ("package", "PACKAGE"),
        ("minimum", "COMMIT"),
        ("commit", "COMMIT"),
        ("percent", "PERCENTAGE"),
    ),
}
"""Words that give a value away when vendors spell the whole name differently."""


def _by_word(field: str, name: str) -> str | None:
    return next((value for word, value in _WORDS.get(field, ()) if word in name), None)


_FIXED_SPELLED = re.compile(r"FIXED_N\((\d{1,3})\)")


def _from_convention(convention: str) -> list[tuple[str, str]]:
    """Return the policy values that a convention spells out ("FIXED_N(30),half_open,HALF_UP"), first come first."""
    tokens = re.split(r"[^A-Za-z0-9_]+", convention)
    fields = ("day_count", "rounding", "interval", "tax_inclusive_rounding")
    return [(field, token) for token in tokens for field in fields if token in CHOICES[field] and "_" in token]


def _alternatives(case_id: str, field: str, value: Any) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else str(value).split("|")
    if str(value).upper() == "ALL":
        return tuple(CHOICES[field])
    found = []
    for text in texts:
        name = str(text).strip().lower()
        canonical = _ALIASES[field].get(name) or _by_word(field, name)
        if canonical is None:
            known = ", ".join(CHOICES[field])
            raise NotUnderstood(case_id, f"policy {field} is {text!r}, which is unknown", known)
        found.append(canonical)
    return tuple(found)


_FIXED = re.compile(r"fixed_?(\d+)")


def variants(policy: Policy, name: str) -> list[tuple[Policy, str]]:
    """Return the policies that a result's name may stand for, each with what is left of the name.

    "actual" is the day count ACT_ACT, "fixed30" FIXED_N with 30, "net_half_even" the net under HALF_EVEN.
    """
    lowered = name.lower()
    found: list[tuple[int, Policy, str]] = []
    for field, aliases in _ALIASES.items():
        for alias, value in aliases.items():
            for rest in _rests(lowered, alias):
                found.append((len(alias), policy.having(field, value), rest))
    fixed = _FIXED.search(lowered)
    if fixed and int(fixed[1]) > 0:
        changed = policy.having("day_count", "FIXED_N", n=int(fixed[1]))
        found.append((len(fixed[0]), changed, lowered.replace(fixed[0], "").strip("_")))
    found.sort(key=lambda item: -item[0])
    return [(changed, rest) for _, changed, rest in found]


_FILLER_WORDS = "would_be would_give gives result value instead only variant mode rounding level method style"
_FILLERS = frozenset(_FILLER_WORDS.split())


def _rests(name: str, alias: str) -> list[str]:
    if name == alias:
        return [""]
    if name.startswith(alias + "_"):
        rest = name[len(alias) + 1 :]
    elif name.endswith("_" + alias):
        rest = name[: -len(alias) - 1]
    else:
        return []
    return ["" if rest in _FILLERS else rest]
