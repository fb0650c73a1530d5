"""Experiments on the what-if engine: replications with confidence, comparison, sweeps, searches, sensitivity."""
