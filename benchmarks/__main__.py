"""Run every benchmark in its quick form."""

from __future__ import annotations

from benchmarks import demo, doors, false_alarms, journal, rehearsal

rehearsal.main([])
journal.main()
demo.main()
false_alarms.main(["--seeds", "20"])
doors.main(["--seconds", "3", "--rounds", "1"])
