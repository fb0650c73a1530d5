"""The chart of a dunning case. Days count from the due date.

Card retries run inside the first 21 days (day 0, 3, 7, 14, 21). No dunning under the currency's threshold.
"""

from domain.charts.chart import Chart, Transition, rows

STAGES = (
    "reminder",
    "notice_1",
    "notice_2",
    "final_notice",
    "suspended",
    "collections",
    "written_off",
)
_CHANGED = "dunning.stage_changed"


def _resume(stage: str) -> Transition:
    guard = "promised date passed unpaid; the stage that it left"
    return Transition("promise_to_pay", stage, f"resume_{stage}", guard, _CHANGED)


DUNNING = Chart(
    name="dunning",
    initial=("current",),
    transitions=(
        *rows("current", "reminder", "remind", "+3 days", _CHANGED),
        *rows("reminder", "notice_1", "notify_1", "+10 days", _CHANGED),
        *rows("notice_1", "notice_2", "notify_2", "+20 days", _CHANGED),
        *rows("notice_2", "final_notice", "notify_last", "+30 days", _CHANGED),
        *rows("final_notice", "suspended", "suspend", "+40 days", _CHANGED),
        *rows("suspended", "collections", "collect", "+60 days", _CHANGED),
        *rows("collections", "written_off", "write_off", "+120 to +180 days", _CHANGED),
        *rows(
            " ".join((*STAGES, "promise_to_pay")),
            "current",
            "cure",
            "balance of overdue = 0",
            _CHANGED,
        ),
        *rows(" ".join(("current", *STAGES)), "promise_to_pay", "promise", "promised date kept", _CHANGED),
        *(_resume(stage) for stage in STAGES),
    ),
    notes=(
        "any -> current and any -> promise_to_pay are expanded over every other state.",
        "promise_to_pay resumes the stage that it left, one trigger per stage.",
        "no state is terminal: written_off returns to current when the overdue balance is 0.",
    ),
)
