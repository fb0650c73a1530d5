"""Forms: what a person may say to a site, as values. The templates decide how they look; they work without a program.

Form      some fields and a button
Field     one thing to say, with its label
Code      a text as it is, in fixed width
Links     where to go from here
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field: text, number, select, checkbox, password or hidden. `options` of a select are (value, text)."""

    name: str
    label: str = ""
    kind: str = "text"
    value: str = ""
    note: str = ""
    options: tuple[tuple[str, str], ...] = ()
    checked: bool = False


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A form. `confirm` is asked before it is sent, for what cannot be undone; `narrow` forms stand side by side."""

    block: ClassVar[str] = "form"
    id: str
    action: str
    button: str
    fields: tuple[Field, ...] = ()
    method: str = "post"
    confirm: str = ""
    narrow: bool = False


class Code(msgspec.Struct, frozen=True):
    """A text as it is; `label` says what it is."""

    block: ClassVar[str] = "code"
    label: str
    text: str


class Links(msgspec.Struct, frozen=True):
    """Where to go from here: (text, address)."""

    block: ClassVar[str] = "links"
    links: tuple[tuple[str, str], ...]
