"""The documentation is true: links lead somewhere, examples print what they show, nothing is left out."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenarios.loader import load

ROOT = Path(__file__).resolve().parents[1]
GENERATE = "python docs/generate.py"
CI_NEEDS = {"verify": {"verify"}, "rehearse": {"mocks"}, "replay": {"mocks", "integration"}}
"""The extras that a command cannot do without, in a pipeline."""
_LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _tool(name: str) -> Any:
    """Return a program of the folder docs, which is no package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CONSOLES = _tool("consoles")


def pages() -> list[Path]:
    """Return every page of the documentation."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(_prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{_name(page)} links to {target}, which is not there"
        if anchor and found.suffix == ".md":
            assert anchor in _anchors(found), f"{_name(page)} links to {target}; {_name(found)} has no such heading"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        links = {(page.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(_prose(page))}
        waiting.extend(link for link in links if link.suffix == ".md" and link.exists() and link not in reached)
    assert not {_name(page) for page in set(pages()) - reached}


def examples() -> Iterator[tuple[str, str]]:
    """Yield (page, block) for every console example, each block once."""
    seen = set[str]()
    for page in pages():
        for language, block in _FENCE.findall(page.read_text(encoding="utf-8")):
            if language == "console" and block not in seen:
                seen.add(block)
                yield _name(page), block


@pytest.mark.parametrize(("page", "block"), list(examples()))
def test_every_console_example_prints_what_it_shows(page: str, block: str) -> None:
    fresh = CONSOLES.fresh(block)
    assert CONSOLES.tidy(fresh) == CONSOLES.tidy(block), f"{page} is stale; run: python docs/consoles.py"


def test_every_extra_that_is_named_to_install_exists() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = [
        (_name(page), extra)
        for page in pages()
        for extras in re.findall(r"q2c-harness\[([\w,]+)\]", page.read_text(encoding="utf-8"))
        for extra in extras.split(",")
    ]
    assert len(named) > 10
    assert [each for each in named if each[1] not in known] == []


@pytest.mark.parametrize("name", ["verify-in-ci", "use-in-github-actions"])
def test_every_job_of_a_pipeline_installs_what_its_commands_need(name: str) -> None:
    page = (ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block) for language, block in _FENCE.findall(page) if language == "yaml"]
    jobs = [job for block in blocks for job in block.get("jobs", {"only": block}).values() if "steps" in job]
    assert jobs
    for job in jobs:
        run = "\n".join(step.get("run", "") for step in job["steps"])
        installed = set(re.findall(r"\w+", "".join(re.findall(r"q2c-harness\[(.*?)\]", run))))
        for command, needed in CI_NEEDS.items():
            assert f"q2c {command}" not in run or needed <= installed, run


def _generated() -> dict[str, Callable[[], str]]:
    found: dict[str, Callable[[], str]] = _tool("generate").PAGES
    return found


@pytest.mark.parametrize("name", ["docs/reference/command-line.md", "docs/reference/history-records.md"])
def test_generated_pages_are_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == _generated()[name](), f"stale; run: {GENERATE}"


def test_whats_here_names_every_module_with_a_sentence() -> None:
    page = (ROOT / "docs" / "whats-here.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([\w/.]+)` \|", page, re.MULTILINE))
    made = set(re.findall(r"^\| `([\w/.]+)` \|", _generated()["docs/whats-here.md"](), re.MULTILINE))
    assert named == made, f"run: {GENERATE}"
    assert not re.findall(r"^\| `[\w/.]+` \|\s*\|$", page, re.MULTILINE), "a module without a docstring"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = [re.split(r"[^\w.-]", requirement)[0] for requirement in listed]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert len(names) > 15
    assert [name for name in names if f"| {name} |" not in page] == []


def test_the_settings_page_knows_every_setting() -> None:
    from integration.settings import Settings

    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    names = [name for name in Settings.__struct_fields__ if name not in ("retry", "breaker", "budget")]
    for part in ("retry", "breaker", "budget"):
        fields = type(getattr(Settings(), part)).__struct_fields__
        names.extend(f"{part}.{field}" for field in fields)
    assert [name for name in names if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_yaml_in_the_docs_is_yaml(page: Path) -> None:
    for language, block in _FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "yaml":
            assert isinstance(yaml.safe_load(block), dict), _name(page)


def test_the_example_scenario_loads() -> None:
    assert load(ROOT / "docs" / "examples" / "my_quarter.yaml").name == "my_quarter"


def test_pictures_tell_what_they_show() -> None:
    for picture in sorted((ROOT / "docs" / "pictures").glob("*.svg")):
        text = picture.read_text(encoding="utf-8")
        assert all(part in text for part in ("<title", "<desc", 'role="img"')), picture.name
        assert not any(part in text for part in ("<script", "href")), picture.name
    for photograph in sorted((ROOT / "docs" / "pictures").glob("*.png")):
        assert photograph.stat().st_size <= 200_000, photograph.name


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_the_docs_are_our_own_and_plain(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^address = .*$", "", text, flags=re.MULTILINE)  # where a site's own systems are, as an example
    # git.example.com is nobody's (RFC 2606): it stands for where a company keeps its clones.
    outside = re.findall(r"https?://(?!127\.0\.0\.1|localhost|git\.example\.com/)[^\s)>\"'`]+", prose)
    assert not outside, f"{_name(page)} sends readers elsewhere: describe it in our own words"
    assert not re.search("[\U0001f300-\U0001faff\u2600-\u27bf\u2014]", text), (
        f"{_name(page)}: no emojis, no long dashes"
    )
    assert not re.search(r"/(?:home|root|tmp|work)/", text), f"{_name(page)} names a path of one machine"
    assert not re.search(r"\(c\) \d{4}|all rights reserved", text, re.IGNORECASE), f"{_name(page)} quotes a notice"


def test_the_licence_is_the_standard_text() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert all(part in text for part in ("Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"))
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
