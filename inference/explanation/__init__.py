"""Show people why: where in a face the network saw a forgery, and when in a video.

What is flagged is decided before; nothing here changes a score.
"""
