"""Face swapping with SimSwap: the networks, and how their weights are imported, kept and loaded.

Chen et al., "SimSwap: An Efficient Framework For High Fidelity Face Swapping", ACM MM 2020. The networks are
our own code and take the official weights, which are licensed CC BY-NC 4.0 and do not ship with FakeME.
"""
