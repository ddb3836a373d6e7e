"""The two variants of the SimSwap generator."""

from enum import StrEnum


class Variant(StrEnum):
    """The official code that a generator's weights belong to. The entries are the same, so they do not tell.

    ``PEOPLE``: the released checkpoint "people". The network sees RGB in [0, 1] and ends in a tanh.

    ``TRAINING``: the training code published later. The network sees RGB that is normalised with the ImageNet
    mean and standard deviation, and its linear output is normalised in the same way.
    """

    PEOPLE = "people"
    TRAINING = "training"
