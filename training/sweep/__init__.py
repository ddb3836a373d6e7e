"""Hyperparameter search for learning rate, weight decay, dropout and run length, with many short runs.

`space` defines the search space, `study` runs the trials, `report` and `plots` present the results.
"""
