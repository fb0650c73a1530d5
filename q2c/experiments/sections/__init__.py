"""The parts of an experiment's report, one module for each kind of answer, and what they share."""
