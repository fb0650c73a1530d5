"""Hunting: finds what breaks an integration before quarter-end does, and tells it by the smallest story.

trial        Trial: one run to try (scenario, seed, plan of faults); Found: what came of it
campaign     run after run with other faults and other luck, until a rule breaks or a budget is spent
shrinking    the smallest trial that breaks the same rule; `story` tells it, `regression` keeps it as a test
exhaustive   every death and every fault at every point of the canonical flows
"""
