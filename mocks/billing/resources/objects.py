"""What every object of a reply has in common."""

from __future__ import annotations

import msgspec


class Shown(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag_field="object"):
    """What every named object of a reply has in common; None is left out."""


class Part(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A nameless part of an object; None is left out."""
