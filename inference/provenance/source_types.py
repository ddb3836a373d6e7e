"""Digital source types: how a file was made, in the vocabulary of the IPTC (cv.iptc.org).

C2PA states them for each action, and IPTC metadata for the whole file.
"""

_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"

COMPOSITE_WITH_AI = f"{_VOCABULARY}compositeWithTrainedAlgorithmicMedia"
MADE_BY_AI = f"{_VOCABULARY}trainedAlgorithmicMedia"
_GENERATED = frozenset({COMPOSITE_WITH_AI, MADE_BY_AI})


def is_generated(source_type: str) -> bool:
    """Return whether this type says that a trained model made the file, or a part of it."""
    return source_type.replace("https://", "http://", 1) in _GENERATED


def short_name(source_type: str) -> str:
    """Return the last part of the type's address, such as ``trainedAlgorithmicMedia``."""
    return source_type.rstrip("/").rsplit("/", 1)[-1]
