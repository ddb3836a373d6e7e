"""Removes duplicate samples and assigns the rest to units that a split must not divide. Pure.

Samples with the same bytes or near-duplicate content (PDQ) form a cluster, of which one sample is kept. A
unit is a connected component of clusters and the accounts that posted them. Units of an earlier export never
change or merge, because a model may have been trained on one and tested on another; a cluster that would join
two of them is left out.

A real picture and a forgery of it may also be near-duplicates, because a face is a small part of a picture.
PDQ cannot distinguish that from two opinions on the same picture, so a cluster with both labels is left out
as a conflict.
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

# A bit of PDQ states whether a coefficient is above the median, so about half of the 256 bits are set. In a
# picture without features all coefficients are alike: few bits are set, and the hash is not meaningful.
FEATURELESS_BELOW = 96
UNIT_PREFIX = "moderated-"  # distinguishes these units from those of other collections


@dataclass(frozen=True)
class Arrangement:
    """The samples of the set, each with its unit, and what is left out."""

    samples: tuple[Sample, ...]
    left_out: tuple[LeftOut, ...]


def arrange(
    fresh: Collection[Sample], kept: Collection[Sample] = (), reviewed: Collection[Sample] = ()
) -> Arrangement:
    """Combine ``fresh`` samples with an earlier export.

    ``kept`` are the rows of the earlier export without new decisions. ``reviewed`` are the rows whose
    decisions were read again: they stay in the set only if ``fresh`` contains them, but their units remain.
    Raises :class:`ExportFolderError` if an account is in two units of the earlier export.
    """
    earlier = {row.sha256: row for row in (*reviewed, *kept)}
    current = _by_sha256([*fresh, *kept])
    components = _components(earlier.values())
    left_out: list[LeftOut] = []
    included: list[Sample] = []
    all_clusters = clusters({sample.sha256: sample.pdq for sample in (*fresh, *earlier.values())})
    for cluster in _in_order(all_clusters, current, earlier):
        samples = [sample for sha256 in cluster for sample in current.get(sha256, ())]
        first = min(
            samples, key=lambda sample: (sample.sha256 not in earlier, sample.decided_at, sample.sha256)
        )
        refusal = _join(samples, cluster, components)
        if refusal is None:
            included.append(_merged(current[first.sha256], samples))
        left_out += [
            LeftOut(sample.case, refusal or Reason.NEAR_DUPLICATE, sample.media, sample.sha256)
            for sample in samples
            if refusal or sample.sha256 != first.sha256
        ]
    return Arrangement(_with_units(included, components), tuple(left_out))


def clusters(hashes: Mapping[str, str]) -> list[list[str]]:
    """Group SHA-256 digests of near-duplicates (transitively) by the PDQ (hex or empty) of each."""
    usable = [sha256 for sha256, pdq in hashes.items() if pdq and _bits(pdq).sum() >= FEATURELESS_BELOW]
    table = np.array([_bits(hashes[sha256]) for sha256 in usable], np.uint8).reshape(-1, 256)
    first = {sha256: usable[root] for sha256, root in zip(usable, near_duplicates(table), strict=True)}
    groups: dict[str, list[str]] = defaultdict(list)
    for sha256 in hashes:
        groups[first.get(sha256, sha256)].append(sha256)
    return list(groups.values())


def _bits(pdq: str) -> NDArray[np.uint8]:
    return np.unpackbits(np.frombuffer(bytes.fromhex(pdq), np.uint8))


def _by_sha256(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[sample.sha256].append(sample)
    return groups


def _components(earlier: Iterable[Sample]) -> Components:
    components = Components()
    for row in earlier:
        if not components.join([row.sha256, *row.accounts], row.unit):
            raise ExportFolderError(
                f"labels.csv of the earlier export has the accounts of {row.file} in two units, which no "
                "export writes: it was changed by hand; export into a new folder"
            )
    return components


def _in_order(
    groups: Iterable[list[str]], current: Mapping[str, Sequence[Sample]], earlier: Collection[str]
) -> list[list[str]]:
    """Return the clusters with a current sample: those of the earlier export first, then by decision time."""
    by_first_sample = {
        min(
            (sha256 not in earlier, sample.decided_at, sha256)
            for sha256 in cluster
            for sample in current.get(sha256, ())
        ): cluster
        for cluster in groups
        if any(sha256 in current for sha256 in cluster)
    }
    return [by_first_sample[key] for key in sorted(by_first_sample)]


def _join(samples: Sequence[Sample], cluster: Iterable[str], components: Components) -> Reason | None:
    """Join a cluster and its accounts to one component; return the reason if that is not possible."""
    if len({sample.truth for sample in samples}) > 1:
        return Reason.CONFLICT
    accounts = {account for sample in samples for account in sample.accounts}
    return None if components.join([*cluster, *accounts]) else Reason.BETWEEN_UNITS


def _merged(same_bytes: Sequence[Sample], cluster: Sequence[Sample]) -> Sample:
    """Merge the samples with the same bytes; the accounts are those of the whole cluster."""
    last = max(same_bytes, key=lambda sample: (sample.decided_at, sample.case))
    accounts = frozenset(account for sample in cluster for account in sample.accounts)
    return replace(last, decisions=sum(sample.decisions for sample in same_bytes), accounts=accounts)


def _with_units(samples: Iterable[Sample], components: Components) -> tuple[Sample, ...]:
    """Assign units: the one of the earlier export, or one named after the component's smallest SHA-256."""
    assigned = []
    new_units: dict[str, str] = {}
    for sample in sorted(samples, key=lambda sample: sample.sha256):
        new_unit = new_units.setdefault(components.root(sample.sha256), f"{UNIT_PREFIX}{sample.sha256[:16]}")
        assigned.append(replace(sample, unit=components.name(sample.sha256) or new_unit))
    return tuple(assigned)
