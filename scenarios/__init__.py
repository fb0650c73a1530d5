"""The scenario language, the population and the timeline: what happens in a run, as a value of scenario and seed."""
