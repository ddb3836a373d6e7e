"""Measure a detector on held-out people and unseen forgeries; ``run.evaluate`` produces the full report.

Only the modules that draw or render import matplotlib and jinja2.
"""

from training.evaluation.held_out import CONDITIONS, KINDS, REAL, Scored, held_out, score

__all__ = ["CONDITIONS", "KINDS", "REAL", "Scored", "held_out", "score"]
