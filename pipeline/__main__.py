"""`python -m pipeline`: the `fakeme` command, for processes that start workers."""

from pipeline.cli import app

app()
