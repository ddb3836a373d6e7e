"""The tagging worker: verdicts, decisions and reports in, changes of tags and surges out."""
