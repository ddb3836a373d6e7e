"""Which frames of many are judged; pure."""


def evenly(count: int, wanted: int) -> tuple[int, ...]:
    """At most ``wanted`` of ``count`` indices, in the middles of equal parts; ascending and distinct.

    Middles, since the first and last frames of a clip are the ones that are black or faded.
    """
    taken = min(count, wanted)
    return tuple((2 * index + 1) * count // (2 * taken) for index in range(taken))
