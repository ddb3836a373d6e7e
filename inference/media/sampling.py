"""Choose which frames of an animation are scored."""


def evenly_spaced(count: int, wanted: int) -> tuple[int, ...]:
    """Return at most ``wanted`` of ``count`` indices, ascending and distinct.

    They are the middles of equal parts, because the first and last frames of a clip are often black or
    faded.
    """
    taken = min(count, wanted)
    return tuple((2 * index + 1) * count // (2 * taken) for index in range(taken))
