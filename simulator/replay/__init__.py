"""The replay: the timeline of a scenario, played over HTTP against any integration, on the clock of the wall.

    target.py     what the harness must know of an integration: where it listens, how it learns, how it is reset
    checking.py   whether a target can be played against, step by step, before any load
    pacing.py     business time compressed onto the wall clock, open loop, and how exactly it was kept
    excerpt.py    the part of a timeline that is played
    stage.py      the systems of record, as slow and as limited as the scenario says, and the target beside them
    recording.py  the history of what the systems saw
    replaying.py  one run

The integration is a black box: it is judged by what arrives at the systems of record, and by nothing else.
"""
