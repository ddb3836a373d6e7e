"""What a model is for."""

from enum import StrEnum


class Purpose(StrEnum):
    """The purpose of a model."""

    DETECTOR = "detector"
    GENERATOR = "generator"  # of face swaps
    IDENTITY_ENCODER = "identity_encoder"  # gives a generator the identity of a face
