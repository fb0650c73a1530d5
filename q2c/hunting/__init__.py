"""Hunting: finds what breaks an integration before quarter-end does, and tells it by the smallest story.

trial        Trial: one run to try (scenario, seed, plan of faults); Found: what came of it
"""
