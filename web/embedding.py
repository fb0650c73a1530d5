"""Embedding: how data and programs go into a page so that nothing in them can break out of it."""

from __future__ import annotations

import base64
import gzip
import hashlib
from functools import cache
from importlib import resources

import msgspec
from markupsafe import Markup

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_TABLE = str.maketrans(_UNSAFE)


def json_for_script(value: object) -> Markup:
    """Return a value as JSON that may stand inside a script tag, whatever names are in it.

    `<`, `>`, `&` and the two line separators of Unicode become escapes, so no text can close the tag or open another.
    """
    return Markup(msgspec.json.encode(value).decode().translate(_TABLE))


def static_text(name: str) -> str:
    """Return a file of `web/static`."""
    return (resources.files("web") / "static" / name).read_text(encoding="utf-8")


@cache
def chart_library() -> str:
    """Return the source of plotly.js as its Python wheel ships it (MIT; the licence is the file's first comment)."""
    return (resources.files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


@cache
def packed_chart_library() -> Markup:
    """Return the same in gzip and base64, a third of the 4.8 MB, with its licence in words before it.

    `unpack.js` runs it. No time goes into it, so that equal pages give equal text.
    """
    source = chart_library()
    licence = source[: source.index("*/")].lstrip("/*\n ").replace("*", " ")
    packed = base64.b64encode(gzip.compress(source.encode(), mtime=0)).decode()
    tag = f'<script type="application/gzip" id="chart-library">{packed}</script>'
    return Markup(f"<!-- {' '.join(licence.split())} -->\n{tag}\n")


def hash_for_policy(source: str) -> str:
    """Return the hash by which a content security policy allows one inline script."""
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
