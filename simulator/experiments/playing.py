"""Playing: how one replication of a model is computed and what is kept of it, as functions that travel to workers."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Literal

import msgspec

from simulator.experiments.executors import Replicate
from simulator.experiments.metrics import measures
from simulator.experiments.replications import Model, Observed
from simulator.whatif import model as models
from simulator.whatif import outcome as outcomes
from simulator.whatif.engine import simulate

Engine = Literal["auto", "kernel", "simpy"]
_MODELS_AT_HAND = 64
_DECODER = msgspec.json.Decoder(models.Model)
"""Made once, while there is one thread: two that meet a type for the first time together bring msgspec down."""


def packed(model: models.Model) -> Model:
    """Return a model as the experiments carry it."""
    return Model(model.digest(), models.encode(model))


def keeping_outcomes(engine: Engine = "auto") -> Replicate:
    """Return how a replication is played and kept whole: for experiments that draw what happened over time."""
    return partial(_play, engine=engine)


def keeping_measures(engine: Engine = "auto") -> Replicate:
    """Return how a replication is played of which only the figures are kept: for experiments of many points."""
    return partial(_play_for_measures, engine=engine)


def read_outcome(kept: bytes) -> Observed:
    """Return the figures of a replication that was kept whole."""
    return measures(outcomes.decode(kept))


def read_measures(kept: bytes) -> Observed:
    """Return the figures of a replication of which only they were kept."""
    return msgspec.msgpack.decode(kept, type=dict[str, float])


def _play(body: bytes, seed: int, engine: Engine) -> bytes:
    return outcomes.encode(simulate(_model(body), seed, engine=engine))


def _play_for_measures(body: bytes, seed: int, engine: Engine) -> bytes:
    return msgspec.msgpack.encode(measures(simulate(_model(body), seed, engine=engine)))


@lru_cache(maxsize=_MODELS_AT_HAND)
def _model(body: bytes) -> models.Model:
    model = _DECODER.decode(body)
    assert model.version == models.VERSION, "workers run the code that made the model"
    return model
