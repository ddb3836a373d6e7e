"""Looking for the best learning rate, weight decay, dropout and length of a run by many short ones.

`space` says what is varied and how a point of it becomes a run, `study` runs the trials, `report` and `plots`
tell what came of them.
"""
