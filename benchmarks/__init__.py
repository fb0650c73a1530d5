"""Benchmarks: rates and ratios of one run on one machine; never a test, never a threshold.

python -m benchmarks                   all of them, in their quick form
python -m benchmarks.rehearsal         lifecycles per CPU second and memory, by number of lifecycles
python -m benchmarks.steady            virtual hours a minute of a steady business, 30 lifecycles in flight
python -m benchmarks.journal           flows per CPU second of the integration's core alone
python -m benchmarks.false_alarms      verdicts of the correct integration over many seeds
python -m benchmarks.postgres          flows a second on PostgreSQL, embedded, and with DBOS
python -m benchmarks.doors             requests a second of the mocks' doors, beside peers; needs wrk
python -m benchmarks.demo              the demo from the shell to the report
"""
