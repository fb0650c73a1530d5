"""What every mock system shares; `service.Service` is the pipeline, `desk.Desk` what a model works at."""
