"""Calibration: from what was measured on one's own systems to the figures of a scenario, with how well they fit.

reading     a history, traces, a CSV or an XES event log, as `Observations`
fitting     durations by maximum likelihood, with those that a timeout cut off counted as what they are
goodness    how far the fit is from the measurements, and whether chance explains it
arrivals    how many lifecycles come, and when in the quarter, the week and the day
estimate    everything together, as an `Estimate`; `scenario` writes it down as a scenario file
"""
