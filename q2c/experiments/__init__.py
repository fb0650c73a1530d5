"""Experiments at the front door: their folder, their words, their tables and their report."""
