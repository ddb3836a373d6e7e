"""Moderators' decisions with their media as a training set: what `fakeme export-labels` writes.

Layout of the folder, which later exports extend::

    real/<sha256>.<ext>, fake/<sha256>.<ext>   media as the platform stored them
    labels.csv     a row for each of these files; what has no row is not part of the set
    left-out.csv   what the last export left out, and why (pipeline.operations.label_export.sample.Reason)
    salt           what accounts are hashed with; delete it before the set leaves the house for good

Columns of ``labels.csv`` (UTF-8, with a header):

- ``sha256``: lower-case hex, ``label``: ``real`` or ``fake``, ``file``: its path in the folder
- ``unit``: what must stay on one side of a split, see ``training.splits.split_of``
- ``case``: of the decision that stands, ``media``: its number in the post, from 1
- ``decided_at``: RFC 3339, ``decisions``: how many say forged or not, over all posts with these bytes
- ``model``: name@version that had judged it, ``score``: its probability of forgery then; or both empty
- ``pdq``: 64 hex digits; ``accounts``: who posted it, each an HMAC-SHA-256 cut to 128 bits, spaces between

No account and no moderator is named.

`selection` says what of a post is exported, `units` what of that is kept and with whom it stays; both are
pure. `collection` fetches, `folder` is the folder, `run` puts them together.
"""
