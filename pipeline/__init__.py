"""The event pipeline: runtime, consumers, producers, operator tasks, settings and the `fakeme` command."""
