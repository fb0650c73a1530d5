"""Exit statuses, the same for every command."""

HOLDS = 0
BROKEN = 1
USAGE = 2
LATE = 3
UNKNOWN = 4
COULD_NOT_RUN = 5
INTERRUPTED = 130
