"""The workers that read events: detection, tagging, moderation, and the relay of what they announce."""
