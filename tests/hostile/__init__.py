"""Hostile media files: a program that makes them, and one that measures what decoding them costs."""
