"""Benchmark programs that print their measurements as a table."""
