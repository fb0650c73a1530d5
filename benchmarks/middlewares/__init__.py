"""Published idempotency middlewares, each judged in an environment of its own: `python -m benchmarks.middlewares`."""
