"""How good a detector is, on people and forgeries it never saw; ``run.evaluate`` makes the whole report.

What a report needs beyond numbers (matplotlib, jinja2) is imported by the modules that draw.
"""

from training.evaluation.held_out import CONDITIONS, KINDS, REAL, Scored, held_out, score

__all__ = ["CONDITIONS", "KINDS", "REAL", "Scored", "held_out", "score"]
