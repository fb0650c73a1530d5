"""One look for every page and report: the shell, its blocks, charts and words."""
