"""`python -m pipeline`: the same as the `fakeme` command, for processes that start others."""

from pipeline.cli import app

app()
