"""The front door: the command line, run folders and reports."""
