"""The Python SDK for platforms: publish events, follow the answers."""
