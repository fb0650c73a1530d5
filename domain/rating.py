"""Rating turns a quantity into a price by a named model; results are exact and rounded by the caller, once.

Models: per unit, graduated, volume (non-monotonic on purpose), package, flat, percentage, with
minimum commitment, cap and prepaid drawdown. Prices are in any one unit (major or minor); quantities are exact.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from domain.rounding import Exact, Rounding, exact, round_ratio


class Tier(msgspec.Struct, frozen=True, gc=False):
    """A price band up to and including `up_to` units (None: no limit), with a flat fee and a price per unit."""

    up_to: Fraction | None
    flat: Fraction
    unit: Fraction


def _checked(tiers: Sequence[Tier]) -> None:
    limits = [tier.up_to for tier in tiers]
    bounded = [limit for limit in limits if limit is not None]
    open_only_last = None not in limits[:-1]
    if not tiers or not open_only_last or sorted(set(bounded)) != bounded:
        raise ValueError(f"tier limits {[str(limit) for limit in limits]} must rise, and only the last may be open")


def per_unit(quantity: Exact, unit_price: Exact) -> Fraction:
    """Return quantity x price."""
    return exact(quantity) * exact(unit_price)


def graduated(tiers: Sequence[Tier], quantity: Exact) -> Fraction:
    """Price every unit in its own tier; a tier's flat fee is due once it is entered, the first one always (U03)."""
    _checked(tiers)
    left, floor, result = exact(quantity), Fraction(0), Fraction(0)
    for position, tier in enumerate(tiers):
        if left <= floor and position > 0:
            break
        top = left if tier.up_to is None else min(left, tier.up_to)
        result += tier.flat + max(top - floor, Fraction(0)) * tier.unit
        floor = left if tier.up_to is None else tier.up_to
    if left > floor:
        raise ValueError(f"quantity {quantity} lies above the last tier, which ends at {floor}")
    return result


def graduated_progress(tiers: Sequence[Tier], before: Exact, quantity: Exact) -> Fraction:
    """Price further units when `before` were billed earlier in the period; earlier tiers are not charged again.

    With nothing before, this is the whole price (U01: 182); after 12 units, ten more cost 22.
    """
    earlier = exact(before)
    whole = graduated(tiers, earlier + exact(quantity))
    return whole - graduated(tiers, earlier) if earlier > 0 else whole


def volume(tiers: Sequence[Tier], quantity: Exact) -> Fraction:
    """Price all units by the one tier that the quantity reaches (U02)."""
    _checked(tiers)
    units = exact(quantity)
    for tier in tiers:
        if tier.up_to is None or units <= tier.up_to:
            return tier.flat + units * tier.unit
    raise ValueError(f"quantity {quantity} lies above the last tier, which ends at {tiers[-1].up_to}")


def package(quantity: Exact, package_size: Exact, package_price: Exact, included: Exact = 0) -> Fraction:
    """Charge every started package above the included units (U04)."""
    size = exact(package_size)
    if size <= 0:
        raise ValueError(f"package size is {package_size}; expected more than 0")
    billable = max(exact(quantity) - exact(included), Fraction(0))
    return -(-billable // size) * exact(package_price)


def percentage(amount: Exact, rate: Exact, fixed: Exact = 0, events: int = 1, included: Exact = 0) -> Fraction:
    """Return a share of an amount above the included part, plus a fixed fee per event."""
    return max(exact(amount) - exact(included), Fraction(0)) * exact(rate) + exact(fixed) * events


def minimum_true_up(charged: Exact, minimum: Exact) -> Fraction:
    """Return the extra line that lifts a period's charges to the committed minimum (U05)."""
    return max(exact(minimum) - exact(charged), Fraction(0))


def capped(charged: Exact, maximum: Exact) -> Fraction:
    """Return the charges, at most the agreed maximum."""
    return min(exact(charged), exact(maximum))


def committed(charged: Exact, minimum: Exact | None = None, maximum: Exact | None = None) -> Fraction:
    """Return what a period costs with an optional floor and ceiling."""
    due = exact(charged)
    due = due if maximum is None else capped(due, maximum)
    return due if minimum is None else due + minimum_true_up(due, minimum)


class Drawdown(msgspec.Struct, frozen=True, gc=False):
    """What a prepaid balance paid, what is left of it, and what remains to be billed."""

    drawn: Fraction
    balance: Fraction
    overage: Fraction


def draw_down(balance: Exact, charged: Exact) -> Drawdown:
    """Burn a prepaid balance by usage; the rest is overage."""
    have, due = exact(balance), exact(charged)
    drawn = min(have, due)
    return Drawdown(drawn, have - drawn, due - drawn)


def instalments(total_minor: int, count: int, mode: Rounding = Rounding.HALF_UP) -> tuple[int, ...]:
    """Split a contract value into equal rounded instalments; the last one takes the residual."""
    if count < 1:
        raise ValueError(f"cannot split into {count} instalments; expected at least 1")
    each = round_ratio(Fraction(total_minor, count), mode)
    return (each,) * (count - 1) + (total_minor - each * (count - 1),)
