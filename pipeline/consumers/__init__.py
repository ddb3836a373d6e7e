"""The workers that read events: detection, tagging and moderation. One folder per worker."""
