"""Exports moderators' decisions and their media items as a training set (`fakeme export-labels`).

Layout of the folder, which later exports extend::

    real/<sha256>.<ext>, fake/<sha256>.<ext>   media items as the platform stored them
    labels.csv     a row for each of these files; files without a row are not part of the set
    left-out.csv   what the last export left out, with its Reason (see `sample`)
    salt           the key for hashing accounts; delete it before you hand the set to others

Columns of ``labels.csv`` (UTF-8, with a header):

- ``sha256``: lower-case hex, ``label``: ``real`` or ``fake``, ``file``: its path in the folder
- ``unit``: samples that a split must keep on one side, see ``training.splits.split_of``
- ``case``: of the final decision, ``media``: number of the media item in the post, from 1
- ``decided_at``: RFC 3339, ``decisions``: number of decisions on forgery, over all posts with these bytes
- ``model``: name@version behind the verdict, ``score``: its probability of forgery; both may be empty
- ``pdq``: 64 hex digits; ``accounts``: of its authors, HMAC-SHA-256 cut to 128 bits, space-separated

The export contains no account names and no moderator names.

`selection` selects media items of a post, `units` removes duplicates and assigns units; both are pure.
`collection` fetches the bytes, `folder` manages the export folder, `run` combines these steps.
"""
