"""Which samples stay in the set, and which of them must stay together on one side of a split. Pure.

Samples with the same bytes, or near-duplicates of one another (PDQ), are one cluster, of which one sample is
kept. A unit is a connected component: clusters and the accounts that posted them. Units of an older export
never change and never merge, since a model may have learned from one and been tested on another; a cluster
that would join two of them is left out.

A picture and a forgery of it may be near-duplicates too, as a face is a small part; PDQ cannot tell that from
two opinions on one picture, so a cluster with both labels is left out as a conflict.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ExportFolderError
from pipeline.operations.label_export.components import Components
from pipeline.operations.label_export.sample import LeftOut, Reason, Sample
from training.splits import near_duplicates

# A bit of PDQ says whether a coefficient is above their median, so about half of the 256 are set; a picture
# without features has all coefficients alike: few bits are set, and the hash says nothing.
FEATURELESS_BELOW = 96
UNIT_PREFIX = "moderated-"  # units of other collections are named otherwise


@dataclass(frozen=True)
class Arrangement:
    """The set as it should be, each sample with its unit; and what is left out of it."""

    samples: tuple[Sample, ...]
    left_out: tuple[LeftOut, ...]


def arrange(
    fresh: Collection[Sample], kept: Collection[Sample] = (), reviewed: Collection[Sample] = ()
) -> Arrangement:
    """Bring ``fresh`` samples into a set.

    Of an older export ``kept`` are the rows that nothing new is known of. ``reviewed`` are those whose
    decisions were read again, which are in the set only if they are in ``fresh`` too; but their units hold.
    Raises :class:`ExportFolderError` if an account stands in two units of the older export.
    """
    old = {row.sha256: row for row in (*reviewed, *kept)}
    live = _by_bytes([*fresh, *kept])
    components = _components(old.values())
    left_out: list[LeftOut] = []
    stay: list[Sample] = []
    for cluster in _in_turn(clusters({one.sha256: one.pdq for one in (*fresh, *old.values())}), live, old):
        present = [one for sha256 in cluster for one in live.get(sha256, ())]
        first = min(present, key=lambda one: (one.sha256 not in old, one.decided_at, one.sha256))
        doubt = _take(present, cluster, components)
        if doubt is None:
            stay.append(_merged(live[first.sha256], present))
        left_out += [
            LeftOut(one.case, doubt or Reason.NEAR_DUPLICATE, one.media, one.sha256)
            for one in present
            if doubt or one.sha256 != first.sha256
        ]
    return Arrangement(_named(stay, components), tuple(left_out))


def clusters(hashes: Mapping[str, str]) -> list[list[str]]:
    """SHA-256 of media that are one picture, from the PDQ (hex, or empty) of each; nearness is transitive."""
    telling = [sha256 for sha256, pdq in hashes.items() if pdq and _bits(pdq).sum() >= FEATURELESS_BELOW]
    table = np.array([_bits(hashes[sha256]) for sha256 in telling], np.uint8).reshape(-1, 256)
    first = {one: telling[root] for one, root in zip(telling, near_duplicates(table), strict=True)}
    found: dict[str, list[str]] = defaultdict(list)
    for sha256 in hashes:
        found[first.get(sha256, sha256)].append(sha256)
    return list(found.values())


def _bits(pdq: str) -> NDArray[np.uint8]:
    return np.unpackbits(np.frombuffer(bytes.fromhex(pdq), np.uint8))


def _by_bytes(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = defaultdict(list)
    for one in samples:
        found[one.sha256].append(one)
    return found


def _components(old: Iterable[Sample]) -> Components:
    components = Components()
    for row in old:
        if not components.join([row.sha256, *row.accounts], row.unit):
            raise ExportFolderError(
                f"labels.csv of the older export has the accounts of {row.file} in two units, which no "
                "export writes: it was changed by hand; export into a new folder"
            )
    return components


def _in_turn(
    found: Iterable[list[str]], live: Mapping[str, Sequence[Sample]], old: Collection[str]
) -> list[list[str]]:
    """The clusters with a live sample, those of the older export first, then as they were decided."""
    firsts = {
        min(
            (sha256 not in old, one.decided_at, sha256) for sha256 in cluster for one in live.get(sha256, ())
        ): cluster
        for cluster in found
        if any(sha256 in live for sha256 in cluster)
    }
    return [firsts[first] for first in sorted(firsts)]


def _take(present: Sequence[Sample], cluster: Iterable[str], components: Components) -> Reason | None:
    """Join a cluster and its accounts to one component; else say why it cannot be taken."""
    if len({one.truth for one in present}) > 1:
        return Reason.CONFLICT
    accounts = {account for one in present for account in one.accounts}
    return None if components.join([*cluster, *accounts]) else Reason.BETWEEN_UNITS


def _merged(same: Sequence[Sample], cluster: Sequence[Sample]) -> Sample:
    """One sample for all posts with the same bytes, and the accounts of those that posted near-duplicates."""
    last = max(same, key=lambda one: (one.decided_at, one.case))
    accounts = frozenset(account for one in cluster for account in one.accounts)
    return replace(last, decisions=sum(one.decisions for one in same), accounts=accounts)


def _named(stay: Iterable[Sample], components: Components) -> tuple[Sample, ...]:
    """Each sample with its unit: the older export's, or one named by the component's smallest SHA-256."""
    named = []
    new: dict[str, str] = {}
    for one in sorted(stay, key=lambda one: one.sha256):
        name = new.setdefault(components.root(one.sha256), f"{UNIT_PREFIX}{one.sha256[:16]}")
        named.append(replace(one, unit=components.name(one.sha256) or name))
    return tuple(named)
