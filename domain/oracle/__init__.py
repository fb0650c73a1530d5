"""The oracle recomputes the expected amounts of numeric cases from their inputs and policies alone.

`evaluate` takes one case, `evaluate_file` a file in the format of the public cases. Expected values are only read
for the names under which results are to be given, and compared at the end.
"""

from domain.oracle.evaluate import evaluate, evaluate_file
from domain.oracle.result import NotUnderstood, Report, Result, Row

__all__ = ["NotUnderstood", "Report", "Result", "Row", "evaluate", "evaluate_file"]
