"""The public page that checks one picture or video for anybody: without a key, and nothing is kept."""
