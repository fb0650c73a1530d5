"""Reads a page as a browser would, far enough to judge its structure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_VOID = frozenset(["meta", "link", "img", "br", "hr", "input", "col"])
_LOADING = frozenset(["src", "href", "srcset", "poster", "action", "formaction", "background"])


class Outline(HTMLParser):
    """What a page consists of: tags with their attributes, headings, ids, and texts of scripts and of the rest."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.unclosed: list[str] = []
        self._scripted = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.unclosed.append(tag)
        self._scripted = tag in ("script", "style")
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Close a tag, which must be the one opened last."""
        assert self.unclosed, f"</{tag}> closes nothing"
        assert self.unclosed[-1] == tag, f"</{tag}> closes <{self.unclosed[-1]}>"
        self.unclosed.pop()
        self._scripted = False

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self._scripted and self.unclosed[-1] == "script":
            self.scripts[-1] += data
        elif not self._scripted:
            self.text += data

    def count(self, tag: str) -> int:
        """Return how many tags of a name there are."""
        return sum(name == tag for name, _ in self.tags)

    @property
    def headings(self) -> list[int]:
        """The levels of the headings, in order."""
        return [int(name[1]) for name, _ in self.tags if re.fullmatch(r"h[1-6]", name)]

    @property
    def ids(self) -> list[str]:
        """Every id."""
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    @property
    def loaded(self) -> list[str]:
        """What the page would fetch or point to: the values of all attributes that name an address."""
        return [value for _, attributes in self.tags for name, value in attributes.items() if name in _LOADING]
