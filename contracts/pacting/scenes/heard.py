"""The messages that the integration hears, each in a state in which its system sends it."""

from __future__ import annotations

HEARD = ()
