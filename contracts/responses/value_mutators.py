"""Changes of values: members, lists, instants, amounts, words and identifiers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from contracts.responses.documents import Number, Path, Tree, mapped, name_of, place_of, walk
from contracts.responses.drafts import Draft, Replaced
from contracts.responses.shapes import Shape, is_amount, is_instant, missing
from domain.currency import EXPONENTS

Change = Callable[[Draft, Shape], Draft | None]
_NOVEL = "q2c_not_in_your_list_yet"
_SUFFIX = "-7f3a9c2e5b8d1046" + "z" * 23
_CODE = 3  # shorter ones are codes of countries, currencies and companies
_LARGE = "90071992547409.93"
_ODD = ("0.29", "1.15", "4.35", "8.70", "1.10", "19.99", "2.675")
_CODES = re.compile(r"^(currency|currency_code|currencyCode|CurrencyIsoCode)$")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?")


def _everywhere(draft: Draft, change: Callable[[Path, Tree], Tree]) -> Draft | None:
    if draft.raw is not None:
        return None
    tree = mapped(draft.tree, change)
    return draft.but(tree=tree) if tree != draft.tree else None


def unknown_field(draft: Draft, shape: Shape) -> Draft | None:
    """Add a member to every object but those that are a customer's own maps."""
    novel: Tree = {"since": "2031-01-01", "list": [Number("1"), None]}

    def change(path: Path, value: Tree) -> Tree:
        is_open = isinstance(value, dict) and not shape.manner.maps.intersection(path)
        return {**value, "q2cNovelty": novel} if is_open else value

    return _everywhere(draft, change)


def key_order(draft: Draft, _shape: Shape) -> Draft | None:
    """Turn the order of members round."""
    if draft.raw is not None:
        return None
    tree = mapped(draft.tree, lambda _path, value: dict(reversed(value.items())) if isinstance(value, dict) else value)
    return draft.but(tree=tree)  # mappings are equal in any order: whether it changed is not worth finding out


def null_to_absent(draft: Draft, shape: Shape) -> Draft | None:
    """Leave out members that are null."""
    if shape.manner.unset == "null":
        return None

    def change(_path: Path, value: Tree) -> Tree:
        return {n: v for n, v in value.items() if v is not None} if isinstance(value, dict) else value

    return _everywhere(draft, change)


def absent_to_null(draft: Draft, shape: Shape) -> Draft | None:
    """Add members that others of the kind have, as null."""
    if shape.manner.unset == "absent":
        return None

    def change(path: Path, value: Tree) -> Tree:
        return {**value, **dict.fromkeys(missing(shape, path, value))} if isinstance(value, dict) else value

    return _everywhere(draft, change)


def optional_dropped(draft: Draft, shape: Shape) -> Draft | None:
    """Leave out members that were missing or null in another answer of the kind; what they said is gone."""

    def change(path: Path, value: Tree) -> Tree:
        if not isinstance(value, dict):
            return value
        return {n: v for n, v in value.items() if place_of((*path, n)) not in shape.optional or _stays(n, shape)}

    return _everywhere(draft, change)


def _stays(name: str, shape: Shape) -> bool:
    return name in shape.manner.meant


def array_reordered(draft: Draft, shape: Shape) -> Draft | None:
    """Turn lists round that have no order."""

    def change(path: Path, value: Tree) -> Tree:
        return value[::-1] if isinstance(value, list) and name_of(path) in shape.manner.unordered else value

    return _everywhere(draft, change)


def _moment(text: str) -> tuple[datetime, str] | None:
    """Return an instant in UTC and its fraction's digits; None when the text has no offset, or is no such instant."""
    found = _ISO.fullmatch(text)
    if found is None or not found[3]:
        return None
    offset = "+00:00" if found[3] == "Z" else found[3] if ":" in found[3] else f"{found[3][:3]}:{found[3][3:]}"
    try:
        return datetime.fromisoformat(found[1] + offset).astimezone(UTC), (found[2] or "").lstrip(".")
    except (ValueError, OverflowError):  # 24:00:00, a leap second; before the first year in UTC
        return None


def _instants(draft: Draft, told: Callable[[datetime, str], str]) -> Draft | None:
    def change(_path: Path, value: Tree) -> Tree:
        moment = _moment(value) if is_instant(value) else None
        try:
            return value if moment is None else told(*moment)
        except OverflowError:  # 9999-12-31T23:59:59Z, which stands for "never", is in no year further east
            return value

    return _everywhere(draft, change)


def zone(hours: int) -> Change:
    """Return a change that tells instants as a clock so many hours east of Greenwich shows them."""
    away = timezone(timedelta(hours=hours))

    def told(at: datetime, digits: str) -> str:
        return f"{at.astimezone(away):%Y-%m-%dT%H:%M:%S}{'.' + digits if digits else ''}{hours:+03d}:00"

    return lambda draft, _shape: _instants(draft, told)


def moved(instant: str) -> Change:
    """Return a change that puts one instant in the place of all, and its date in the place of all dates."""

    def swap(_path: Path, value: Tree) -> Tree | None:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return instant[:10]
        return instant if isinstance(value, str) and is_instant(value) and _moment(value) else None

    return lambda draft, _shape: _carried(draft, swap)


def null_to_empty(draft: Draft, shape: Shape) -> Draft | None:
    """Tell texts for people that are null as empty ones."""

    def change(path: Path, value: Tree) -> Tree:
        return "" if value is None and path and shape.is_text(path, "") else value

    return _everywhere(draft, change)


def utc_as_offset(draft: Draft, _shape: Shape) -> Draft | None:
    """Write the offset of UTC in the other way."""

    def change(_path: Path, value: Tree) -> Tree:
        if not is_instant(value) or _moment(value) is None:
            return value
        return value[:-1] + "+00:00" if value.endswith("Z") else re.sub(r"[+-]00:?00$", "Z", value)

    return _everywhere(draft, change)


def fraction(digits: int) -> Change:
    """Return a change that gives instants so many digits of a fraction; none is lost that is not zero."""

    def told(at: datetime, known: str) -> str:
        kept = known.rstrip("0").ljust(digits, "0")
        return f"{at:%Y-%m-%dT%H:%M:%S}{'.' + kept if kept else ''}+00:00"

    return lambda draft, _shape: _instants(draft, told)


def _amounts(draft: Draft, told: Callable[[str, bool], str]) -> Draft | None:
    """Rewrite numbers with decimals and texts that are such: `told(digits, is_number)`."""

    def change(_path: Path, value: Tree) -> Tree:
        if not is_amount(value):
            return value
        return Number(told(value.text, True)) if isinstance(value, Number) else told(value, False)

    return _everywhere(draft, change)


def trailing_zeros(draft: Draft, _shape: Shape) -> Draft | None:
    """Write one more zero."""
    return _amounts(draft, lambda text, _number: text if "e" in text.lower() else text + "0")


def shortest(draft: Draft, _shape: Shape) -> Draft | None:
    """Write as few digits as are needed."""

    def told(text: str, is_number: bool) -> str:
        whole, _, rest = text.partition(".")
        kept = rest.rstrip("0")
        return f"{whole}.{kept or '0'}" if kept or not is_number else whole

    return _amounts(draft, lambda text, number: text if "e" in text.lower() else told(text, number))


def exponent(draft: Draft, _shape: Shape) -> Draft | None:
    """Write numbers with an exponent; texts stay, which no vendor writes so."""
    return _amounts(draft, lambda text, number: f"{Decimal(text):E}" if number else text)


def negative_zero(draft: Draft, _shape: Shape) -> Draft | None:
    """Write a minus before zero."""
    return _amounts(draft, lambda text, _number: text if Decimal(text) or text.startswith("-") else f"-{text}")


def unknown_word(draft: Draft, shape: Shape) -> Draft | None:
    """Replace words of lists that may grow."""
    return _everywhere(draft, lambda path, value: _NOVEL if shape.is_word(path, value) else value)


def _carried(draft: Draft, swap: Callable[[Path, Tree], Tree | None]) -> Draft | None:
    """Replace values, and the same values wherever else they stand; remember what was put where."""
    if draft.raw is not None:
        return None
    swaps: dict[str, Tree] = {}
    for path, value in walk(draft.tree):
        if isinstance(value, str | Number) and (new := swap(path, value)) is not None:
            swaps.setdefault(_written(value), new)
    if not swaps:
        return None

    def change(_path: Path, value: Tree) -> Tree:
        return swaps.get(_written(value), value) if isinstance(value, str | Number) else value

    pairs = tuple(Replaced(old, _written(new)) for old, new in swaps.items())
    return draft.but(tree=mapped(draft.tree, change), replaced=(*draft.replaced, *pairs))


def _written(value: Tree) -> str:
    return value.text if isinstance(value, Number) else str(value)


def id_longer(draft: Draft, shape: Shape) -> Draft | None:
    """Make identifiers longer, wherever they stand."""

    def swap(path: Path, value: Tree) -> Tree | None:
        return value + _SUFFIX if isinstance(value, str) and len(value) > _CODE and shape.is_id(path) else None

    return _carried(draft, swap)


def _two_places(value: Tree) -> bool:
    """Tell whether a value is an amount of money: other numbers with decimals are rates and quantities."""
    return is_amount(value) and bool(re.fullmatch(r"-?\d+\.\d\d", _written(value)))


def _like(value: Tree, digits: str) -> Tree:
    return Number(digits) if isinstance(value, Number) else digits


def large_amount(draft: Draft, _shape: Shape) -> Draft | None:
    """Put an amount of seventeen digits in the place of every amount that is not zero."""

    def swap(_path: Path, value: Tree) -> Tree | None:
        return _like(value, _LARGE) if _two_places(value) and Decimal(_written(value)) else None

    return _carried(draft, swap)


def odd_amount(draft: Draft, _shape: Shape) -> Draft | None:
    """Put amounts in the place of others that a double cannot hold."""
    seen: dict[str, str] = {}

    def swap(_path: Path, value: Tree) -> Tree | None:
        if not _two_places(value) or not Decimal(_written(value)):
            return None
        return _like(value, seen.setdefault(_written(value), _ODD[len(seen) % (len(_ODD) - 1)]))

    return _carried(draft, swap)


def currency(code: str) -> Change:
    """Return a change that tells amounts in a currency with other decimals; answers in minor units keep theirs."""
    places = EXPONENTS[code]

    def change(draft: Draft, shape: Shape) -> Draft | None:
        if draft.raw is not None or "currency" in shape.manner.meant:
            return None
        codes = {v for path, v in walk(draft.tree) if isinstance(v, str) and _CODES.match(name_of(path))}
        if not any(EXPONENTS.get(known.upper()) == 2 for known in codes):
            return None

        def swap(path: Path, value: Tree) -> Tree | None:
            if isinstance(value, str) and _CODES.match(name_of(path)):
                return code.lower() if value.islower() else code
            if not _two_places(value):
                return None
            whole = _written(value).partition(".")[0]
            rest = "125" if Decimal(_written(value)) else "000"  # nothing stays nothing
            return _like(value, f"{whole}.{rest}" if places else whole)

        return _carried(draft, swap)

    return change
