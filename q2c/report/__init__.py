"""The report: what a run found, for people (report.html, the terminal) and for machines (verdict.json).

write_report    writes both files into the run's folder (writing.py)
show            prints the verdict in the terminal (terminal.py)
gather          works out everything a report says (writing.py)
"""
