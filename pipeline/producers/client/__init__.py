"""The Python SDK for platforms: publish events, follow verdicts and tags."""
