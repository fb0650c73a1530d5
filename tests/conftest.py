"""What all tests share: how Hypothesis runs."""

from __future__ import annotations

from hypothesis import settings

# A slow or busy machine is no failure: speed is measured in benchmarks/, never judged by a test.
settings.register_profile("q2c", deadline=None)
settings.load_profile("q2c")
