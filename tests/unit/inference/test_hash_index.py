"""The index finds exactly what a comparison with every hash finds."""

import secrets

from hypothesis import given
from hypothesis import strategies as st

from inference.hash_index import HashIndex, Neighbour

hashes = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
flips = st.lists(st.integers(0, 255), max_size=40).map(lambda bits: sum({1 << bit for bit in bits}))


@given(
    stored=st.dictionaries(st.integers(0, 2**40), st.lists(hashes, max_size=3), max_size=8),
    data=st.data(),
    distance=st.integers(0, 40),
)
def test_search_equals_a_comparison_with_every_hash(
    stored: dict[int, list[str]], data: st.DataObject, distance: int
) -> None:
    everything = [pdq for pdqs in stored.values() for pdq in pdqs]
    near = st.builds(lambda pdq, flip: f"{int(pdq, 16) ^ flip:064x}", st.sampled_from(everything), flips)
    queries = data.draw(st.lists(near, max_size=4)) if everything else ["0" * 64]
    removed = data.draw(st.lists(st.sampled_from([*stored, -1]), max_size=3))
    index = HashIndex()
    index.add(stored)
    index.remove(removed)

    expected = [
        Neighbour(number, key, bits)
        for number, query in enumerate(queries)
        for key, pdqs in stored.items()
        for pdq in pdqs
        if key not in removed and (bits := (int(query, 16) ^ int(pdq, 16)).bit_count()) <= distance
    ]

    assert sorted(index.near(queries, distance), key=repr) == sorted(expected, key=repr)
    assert len(index) == sum(len(pdqs) for key, pdqs in stored.items() if key not in removed)


def test_an_empty_index_and_no_query_find_nothing() -> None:
    index = HashIndex()
    assert index.near([secrets.token_hex(32)], 256) == []
    index.add({1: [secrets.token_hex(32)]})
    assert index.near([], 256) == []
