"""Every way to write a wrong scenario is answered with file, line, what was found and what was expected."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scenarios import library, loader
from scenarios.problems import ScenarioError

HEAD = "name: a_scenario\ntitle: t\nquestion: q\n"  # three lines, so that what follows starts on line 4

# (what follows the head, line, parts of the message)
CASES: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "unknown key": ("worlds: {}\n", 4, ("unknown key 'worlds'", "did you mean 'world'?")),
    "unknown nested key": ("mix:\n  expanson: 5%\n", 5, ("mix.expanson", "did you mean 'expansion'?")),
    "unknown key with no neighbour": ("people: {zzz: 1}\n", 4, ("unknown key 'zzz'", "known keys: clerks")),
    "unknown key of a system": ("systems:\n  erp:\n    slot: 5\n", 6, ("systems.erp.slot", "did you mean 'slots'?")),
    "unknown system": ("systems:\n  sap: {slots: 5}\n", 5, ("unknown key 'sap'", "known keys: crm, erp")),
    "merge key": ("world:\n  <<: {preset: small}\n", 5, ("unknown key '<<'",)),
    "bare number for a duration": ("settle: 4\n", 4, ("found 4", "a duration with a unit", "4s, 4m or 4h")),
    "decimal for a duration": ("run_on: 1.5\n", 4, ("found 1.5", "a duration with a unit")),
    "unknown unit": ("settle: 4 hours\n", 4, ("found '4 hours'", "4h")),
    "negative duration": ("settle: -4h\n", 4, ("found '-4h'", "a duration")),
    "endless duration": ("settle: 900d\n", 4, ("found '900d'", "at most 400d")),
    "share above one": ("failures:\n  price_skew: 1.5\n", 5, ("found 1.5", "a share from 0 to 1", "1.5%")),
    "share above a hundred percent": ("failures:\n  price_skew: 150%\n", 5, ("found '150%'", "a share from 0 to 1")),
    "objections too early": ("failures:\n  disputed_within: 2d\n", 4, ("`disputed_within` of 3d or more",)),
    "negative share": ("failures:\n  credit_hold: -1%\n", 5, ("found '-1%'", "a share")),
    "share in words": ("failures:\n  credit_hold: few\n", 5, ("found 'few'", "a share")),
    "share that is true": ("failures:\n  credit_hold: true\n", 5, ("found true", "a share")),
    "not a number": ("mix:\n  amendments_per_contract_year: .nan\n", 5, ("found '.nan'", "a finite number")),
    "infinite": ("mix:\n  amendments_per_contract_year: .inf\n", 5, ("found '.inf'", "a finite number")),
    "number too long": ("seed: 123456789012345678901234567890\n", 4, ("a finite number of usual size",)),
    "negative seed": ("seed: -1\n", 4, ("found -1", "greater than or equal to 0")),
    "text for a number": ("people:\n  clerks: six\n", 5, ("found 'six'", "a whole number")),
    "decimal for a whole number": ("people:\n  clerks: 2.5\n", 5, ("found 2.5", "a whole number")),
    "number for text": ("about: 7\n", 4, ("found 7", "text")),
    "text for a mapping": ("world: big\n", 4, ("found 'big'", "a mapping")),
    "mapping for a list": ("outages: {system: erp}\n", 4, ("a mapping of system", "a list")),
    "nothing for a section": ("people:\nsettle: 1d\n", 4, ("found nothing", "a mapping")),
    "pattern name": ("world:\n  quarter: {pattern: sever}\n", 5, ("found 'sever'", "did you mean 'severe'?")),
    "weeks that do not add up": (
        "world:\n  quarter:\n    pattern:\n      weeks: [10,10,10,10,10,10,10,10,10,10,10,10,10]\n"
        "      last_week: [20,20,20,20,20]\n",
        6,
        ("weeks weights that add up to 100", "130"),
    ),
    "too few weeks": (
        "world:\n  quarter:\n    pattern: {weeks: [50, 50], last_week: [20,20,20,20,20]}\n",
        6,
        ("13 weeks weights", "2 were given"),
    ),
    "negative weight": (
        "world:\n  quarter:\n    pattern:\n      weeks: [-5,15,10,10,10,10,10,10,10,5,5,5,5]\n"
        "      last_week: [20,20,20,20,20]\n",
        7,
        ("weeks[0] found -5", "greater than or equal to 0"),
    ),
    "a date that does not exist": ("world:\n  quarter: {start: 2026-09-31}\n", 5, ("'2026-09-31'", "a date such as")),
    "quarter that ends before it starts": ("world:\n  quarter: {end: 2026-01-31}\n", 5, ("before the start",)),
    "half a year": ("world:\n  quarter: {end: 2027-03-31}\n", 5, ("182 days", "88 to 100 days")),
    "zero orders": ("world:\n  orders_per_quarter: 0\n", 5, ("found 0", "greater than or equal to 1")),
    "too many subscriptions": ("world:\n  live_subscriptions: 100000\n", 5, ("found 100000", "99999")),
    "no entities": ("world:\n  entities: []\n", 5, ("an empty list", "at least one entry")),
    "unknown currency": (
        "world:\n  entities:\n    - {id: US, currency: XXX, zone: America/New_York, country: US, share: 100%}\n",
        6,
        ("world.entities[0].currency", "found 'XXX'", "a currency with a price list"),
    ),
    "unknown zone": (
        "world:\n  entities:\n    - {id: US, currency: USD, zone: Mars/Base, country: US, share: 100%}\n",
        6,
        ("found 'Mars/Base'", "a time zone"),
    ),
    "entity without a zone": (
        "world:\n  entities:\n    - {id: US, currency: USD, country: US, share: 100%}\n",
        6,
        ("no key 'zone'", "required"),
    ),
    "the same entity twice": (
        "world:\n  entities:\n"
        "    - {id: US, currency: USD, zone: America/New_York, country: US, share: 50%}\n"
        "    - {id: US, currency: USD, zone: America/New_York, country: US, share: 50%}\n",
        7,
        ("found 'US'", "an id no other entity has"),
    ),
    "entity shares": (
        "world:\n  entities:\n    - {id: US, currency: USD, zone: America/New_York, country: US, share: 90%}\n",
        5,
        ("add up to 90.00%", "100%"),
    ),
    "payment methods": ("payments: {card: 50%}\n", 4, ("`debit`, `push` and `card` that add up to 100%", "137%")),
    "median above the tail": ("people: {touch_median: 3h}\n", 4, ("0 < `touch_median` < `touch_p95`",)),
    "weeks and days": ("rehearse: {weeks: 2, from: 2026-12-01}\n", 4, ("either `weeks` or `from`",)),
    "days outside the quarter": ("rehearse: {from: 2026-08-01}\n", 4, ("days inside the quarter",)),
    "days the wrong way round": ("rehearse: {from: 2026-12-20, to: 2026-12-10}\n", 4, ("not after the last one",)),
    "outage of an unknown system": (
        "outages:\n  - {system: biling, from: quarter_end - 10h, lasts: 4h}\n",
        5,
        ("outages[0].system", "found 'biling'", "did you mean 'billing'?"),
    ),
    "outage without an end": ("outages:\n  - {system: erp, from: quarter_end - 10h}\n", 5, ("exactly one of",)),
    "outage with two ends": (
        "outages:\n  - {system: erp, from: quarter_end - 9h, to: quarter_end - 8h, lasts: 1h}\n",
        5,
        ("exactly one of `to` and `lasts`",),
    ),
    "outage that ends before it starts": (
        'outages:\n  - {system: erp, from: "2026-12-31 18:00", to: "2026-12-31 14:00"}\n',
        5,
        ("4h from its start back to its end", "ends after it starts"),
    ),
    "outage before the rehearsal": (
        'outages:\n  - system: erp\n    from: "2026-11-01 14:00"\n    lasts: 4h\n',
        6,
        ("before the rehearsal", "inside the rehearsed days (2026-12-11 to 2026-12-31)"),
    ),
    "outage after the rehearsal": (
        "outages:\n  - {system: erp, from: quarter_end + 1h, lasts: 4h}\n",
        5,
        ("after the rehearsal",),
    ),
    "outage that leaves no time to settle": (
        "run_on: 3d\noutages:\n  - {system: erp, from: quarter_end - 1h, lasts: 50h}\n",
        6,
        ("ends 2d1h after the rehearsed days", "at most 2d (`run_on` less `settle`)"),
    ),
    "instant nobody understands": (
        "outages:\n  - {system: erp, from: tomorrow, lasts: 4h}\n",
        5,
        ("found 'tomorrow'", "a local instant"),
    ),
    "25 o'clock": (
        'outages:\n  - {system: erp, from: "2026-12-31 25:00", lasts: 4h}\n',
        5,
        ("hours go from 00 to 23",),
    ),
    "outage of an unknown entity": (
        "outages:\n  - {system: erp, from: quarter_end - 9h, lasts: 4h, entity: USA}\n",
        5,
        ("found 'USA'", "did you mean 'US'?"),
    ),
    "unknown fault": ("faults:\n  - {kind: lost_replies}\n", 5, ("found 'lost_replies'", "did you mean 'lost_reply'?")),
    "word that means nothing to a fault": ("faults:\n  - {kind: loss, wait: 3s}\n", 5, ("no `wait`", "'loss'")),
    "crash without a place": ("faults:\n  - {kind: crash, wait: 30s}\n", 5, ("`count`, the durable write",)),
    "crash of a system": ("faults:\n  - {kind: crash, system: erp, count: 3}\n", 5, ("the integration itself dies",)),
    "message of a silent system": ("faults:\n  - {kind: loss, system: tax}\n", 5, ("a system that sends messages",)),
    "mutant": ("integration: {mutant: 'Evil one'}\n", 4, ("integration.mutant", "found 'Evil one'")),
    "price rise that is never seen": (
        'price_rise: {published: "2026-10-02 09:00"}\n',
        4,
        ("a price rise whose wave reaches the rehearsed days",),
    ),
    "run that ends too early": ("settle: 3d\nrun_on: 2d\n", 5, ("found 2d", "at least `settle` (3d)")),
    "duplicate key": ("seed: 1\nsettle: 1d\nseed: 2\n", 6, ("the same key again", "it is on line 4 already")),
    "duplicate nested key": ("mix:\n  lost: 1%\n  lost: 2%\n", 6, ("mix.lost", "the same key again")),
    "tab": ("world:\n\tpreset: small\n", 5, ("broken YAML", "indent with spaces")),
    "bad indentation": ("world:\n    preset: small\n  quarter: {}\n", 6, ("broken YAML",)),
    "unclosed list": ("expected: [a, b\n", 5, ("broken YAML",)),
    "custom tag": ("about: !!python/object:os.system x\n", 4, ("a plain value",)),
    "second document": ("---\nname: b\n", 4, ("one file holds one scenario",)),
    "list as a key": ("? [a, b]\n: c\n", 4, ("a key that is no word",)),
    "extends an unknown scenario": ("extends: quarter_end_spik\n", 4, ("did you mean 'quarter_end_spike'?",)),
    "extends a list": ("extends: [a]\n", 4, ("the name of a scenario",)),
    "combines a word": ("combine: quarter_end\n", 4, ("a list of names",)),
    "extends a file that is not there": ("extends: nowhere.yaml\n", 4, ("a file that exists",)),
}


def error_of(text: str | bytes) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        loader.parse(text, "s.yaml")
    return caught.value


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_file_is_refused_with_line_found_and_expected(name: str) -> None:
    body, line, parts = CASES[name]
    error = error_of(HEAD + body)
    text = str(error)
    assert error.problems[0].line == line, text
    assert all(part in text for part in parts), text
    assert text.startswith(f"s.yaml:{line}:")
    assert " found " in text
    assert " expected " in text


def test_the_head_alone_is_a_scenario() -> None:
    assert loader.parse(HEAD).name == "a_scenario"


def test_a_script_of_the_erp_sends_messages_that_can_be_struck() -> None:
    told = "faults:\n  - {kind: forged, share: 1%, system: erp, operation: customer.credit_changed}\n"
    assert loader.parse(HEAD + told).faults[0].system == "erp"


@pytest.mark.parametrize("system", ["erp2", "legacy_erp"])
def test_a_system_that_keeps_the_books_of_some_entities_can_be_struck(system: str) -> None:
    told = f"faults:\n  - {{kind: lost_reply, share: 1%, system: {system}}}\n"
    assert loader.parse(HEAD + told).faults[0].system == system


def test_all_errors_of_a_file_come_at_once_in_the_order_of_its_lines() -> None:
    error = error_of(HEAD + "settle: 4\nmix: {lots: 1}\nworld:\n  orders_per_quarter: 0\nseed: x\n")
    assert [problem.line for problem in error.problems] == [4, 5, 7, 8]


@pytest.mark.parametrize("missing", ["name", "title", "question"])
def test_a_missing_key_is_named(missing: str) -> None:
    kept = [line for line in HEAD.splitlines(keepends=True) if not line.startswith(missing)]
    assert f"no key '{missing}'" in str(error_of("".join(kept)))


@pytest.mark.parametrize("text", ["", "   \n\n", "# only a comment\n"])
def test_an_empty_file_is_said_to_be_empty(text: str) -> None:
    assert "the file is empty" in str(error_of(text))


@pytest.mark.parametrize("text", ["just words\n", "- a\n- b\n", "42\n"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    assert "a mapping of keys and values" in str(error_of(text))


def test_an_alias_bomb_is_refused_before_it_explodes() -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 9)]
    assert "too large once its aliases are followed" in str(error_of(HEAD + "\n".join(lines)))


def test_an_alias_that_holds_itself_is_refused() -> None:
    assert "too deep" in str(error_of(HEAD + "about: &a [*a]\n"))


def test_endless_nesting_is_refused() -> None:
    assert isinstance(error_of(HEAD + "about: " + "[" * 5000 + "]" * 5000), ScenarioError)


def test_text_that_is_not_utf8_names_the_byte_and_its_line() -> None:
    error = error_of(HEAD.encode() + b"about: caf\xe9\n")
    assert error.problems[0].line == 4
    assert error.problems[0].column == 11
    assert "byte 0xe9" in str(error)


def test_control_characters_are_refused() -> None:
    assert "control characters" in str(error_of(HEAD + "about: \x07\n"))


def test_a_file_with_a_byte_order_mark_loads() -> None:
    assert loader.parse(b"\xef\xbb\xbf" + HEAD.encode()).name == "a_scenario"


def test_a_folder_a_missing_file_and_an_unreadable_one_are_told_apart(tmp_path: Path) -> None:
    for path, expected in ((tmp_path, "a folder"), (tmp_path / "none.yaml", "no such file")):
        with pytest.raises(ScenarioError, match=expected):
            loader.load(path)
    with pytest.raises(ScenarioError, match="no regular file"):
        loader.load("/dev/null")


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        os.truncate(file.fileno(), 100_000_000)
    with pytest.raises(ScenarioError, match="a file of 100,000,000 bytes"):
        loader.load(huge)


def test_scenarios_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(HEAD + "extends: b.yaml\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text(HEAD + "extends: a.yaml\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="a -> b -> a"):
        loader.load(tmp_path / "a.yaml")


def test_an_error_in_an_inherited_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(HEAD + "extends: b.yaml\nseed: x\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text(HEAD + "\nmix:\n  lost: 2\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        loader.load(tmp_path / "a.yaml")
    assert [(Path(each.file).name, each.line) for each in caught.value.problems] == [("a.yaml", 5), ("b.yaml", 6)]


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'quarter_end'"):
        library.find("quarter_ende")
