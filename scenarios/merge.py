"""`extends` and `combine`: one scenario made from others without repeating them.

A scenario inherits everything but its own words (name, title, question, about, expected, play, assertions, variants).
Sections are merged key by key, the later scenario wins; lists of windows and faults are appended. An ancestor that is
reached twice counts once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scenarios.located import Located
from scenarios.problems import ScenarioError, shown

LEADING = ("extends", "combine")
OWN_WORDS = ("name", "title", "question", "about", "expected", "play", "assertions", "variants", *LEADING)
APPENDED = ("outages", "brownouts", "maintenance", "faults", "limit_changes", "drifts", "invoice_runs", "replays")
REPLACED = ("rehearse", "entities", "pattern")
DEPTH_MAX = 8

Open = Callable[[str, Located], tuple[str, Located]]
"""(reference, the value it stands in) -> (identity of the file, its tree); raises ScenarioError."""


def resolve(tree: Located, identity: str, open_file: Open) -> Located:
    """Return the scenario `tree` with everything it extends or combines merged in."""
    lineage: dict[str, Located] = {}
    _gather(tree, identity, open_file, (), lineage)
    merged: dict[str, Located] = {}
    keys = {}
    for each in lineage.values():
        own = each is tree
        for key, item in each.value.items():
            if key in LEADING or (key in OWN_WORDS and not own):
                continue
            merged[key] = _merged(merged.get(key), item, key)
            keys[key] = each.keys[key]
    return Located(merged, tree.mark, keys)


def overlaid(base: Located, patch: Located) -> Located:
    """Return a merged scenario with a patch over it: sections key by key, lists replaced whole.

    A patch that says `world.preset` has the sizes of that preset, whatever was said before.
    """
    kept = {key: item for key, item in base.value.items() if key not in ("assertions", "variants")}
    world, said = kept.get("world"), patch.value.get("world")
    if world is not None and said is not None and isinstance(said.value, dict) and "preset" in said.value:
        sizes = ("orders_per_quarter", "live_subscriptions")
        rest = {key: item for key, item in world.value.items() if key not in sizes}
        kept["world"] = Located(rest, world.mark, world.keys)
    return _merged(Located(kept, base.mark, base.keys), patch, "", append=False)


def _gather(tree: Located, identity: str, open_file: Open, trail: tuple[str, ...], into: dict[str, Located]) -> None:
    for reference in parents(tree):
        name, parent = open_file(str(reference.value), reference)
        if name in (*trail, identity) or len(trail) >= DEPTH_MAX:
            chain = " -> ".join(Path(step).stem for step in (*trail, identity, name))
            problem = reference.mark.problem("extends", chain, "scenarios that do not lead back to themselves")
            raise ScenarioError((problem,))
        if name not in into:
            _gather(parent, name, open_file, (*trail, identity), into)
    into[identity] = tree


def parents(tree: Located) -> list[Located]:
    """Return the references of `extends` (one name) and `combine` (a list of names), in order."""
    found: list[Located] = []
    for key in ("extends", "combine"):
        if key not in tree.value:
            continue
        value: Located = tree.value[key]
        entries = value.value if key == "combine" and isinstance(value.value, list) else [value]
        expected = "the name of a scenario" if key == "extends" else "a list of names of scenarios"
        for entry in entries:
            if not isinstance(entry.value, str) or (key == "combine" and entry is value):
                raise ScenarioError((entry.mark.problem(key, shown(entry.plain()), expected),))
            found.append(entry)
    return found


def _merged(base: Located | None, over: Located, key: str, append: bool = True) -> Located:
    if base is None or key in REPLACED:
        return over
    if append and key in APPENDED and isinstance(base.value, list) and isinstance(over.value, list):
        return Located([*base.value, *over.value], over.mark)
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        values = {
            **base.value,
            **{name: _merged(base.value.get(name), item, name, append) for name, item in over.value.items()},
        }
        return Located(values, over.mark, {**base.keys, **over.keys})
    return over
