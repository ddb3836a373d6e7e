"""What moderators here or elsewhere found out about media, held in memory and asked for every media item.

A stored analysis does not change, but this list does: so it is asked beside the analysis, each time.

The same bytes settle the label. A similar picture does not: the PDQ hash of a picture with a forged face
differs in 2 to 4 of 256 bits from that of the picture it was made of. What matches may be the original; once
moderators have seen that, what is nearer to it is no longer suspected.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from inference.fingerprint import ORIENTATIONS, dihedral
from inference.hash_index import HashIndex
from pipeline.consumers.detection.match_rate import MatchRate
from schemas.verdicts import MAX_SIGNAL_DETAIL, Label, SignalFinding
from storage.known_media import OWN_BANK, THRESHOLD, KnownEntry, KnownLabel

NAME = "known_media"
VERSION = "1"
FLOOD = "too many matches a minute for an automatic action"
VIDEO_SHARE = 0.8  # of the frames must match, as vPDQ's authors recommend


@dataclass(frozen=True)
class Match:
    """An entry that a media item matches; ``distance`` is the number of differing bits, None: equal bytes."""

    entry: KnownEntry
    distance: int | None

    @property
    def exact(self) -> bool:
        """Whether the bytes are the same."""
        return self.distance is None

    def __str__(self) -> str:
        """Say what it matches, and where that came from."""
        what = "the same file as" if self.exact else "similar to"
        case = f" (case {self.entry.case_id})" if self.entry.case_id else ""
        bits = "" if self.exact else f", {self.distance} of 256 bits differ"
        return f"{what} {self.entry.label.value} {self.entry.entry_id} of {self.entry.bank}{case}{bits}"


class KnownMedia:
    """The entries, by their bytes and by their perceptual hashes. :mod:`known_media_follower` keeps them up.

    Safe to use from several threads.
    """

    def __init__(self, rate: MatchRate, *, tag_similar: bool = False) -> None:
        """``tag_similar``: a similar picture, too, settles the label as deepfake."""
        self._rate = rate
        self._tag_similar = tag_similar
        self._lock = Lock()
        self._entries: dict[UUID, KnownEntry] = {}
        self._by_sha256: dict[str, dict[UUID, KnownEntry]] = {}
        self._by_change: dict[int, KnownEntry] = {}  # the change number is the key in the index
        self._index = HashIndex()

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def apply(self, changed: Iterable[KnownEntry]) -> None:
        """Take up new and removed entries."""
        with self._lock:
            added: dict[int, tuple[str, ...]] = {}
            for entry in changed:
                self._forget(entry.entry_id, added)
                if not entry.removed:
                    self._take_up(entry, added)
            self._index.add(added)

    def settled(self, sha256: str) -> SignalFinding | None:
        """Return the finding that settles the label of these bytes, so that the model need not see them."""
        with self._lock:
            matches = self._same(sha256)
            flood = any(self._rate.flooding(match.entry.entry_id) for match in matches)
            finding = exact_finding(matches, flood=flood)
        return finding if finding is not None and finding.decisive else None

    def find(self, sha256: str | None, pdqs: Sequence[str], now: float) -> SignalFinding | None:
        """Return what is known of a media item with these frame hashes; ``now`` is monotonic, in seconds."""
        with self._lock:
            self._rate.end_floods(now)
            matches = self._same(sha256) if sha256 else []
            rates = [self._rate.count(match.entry.entry_id, now) for match in matches]
            exact = exact_finding(matches, flood=any(rates))
            if exact is not None and exact.label is not None:
                return exact
            similar = self.similar(pdqs)
            if similar is None:
                return exact
            flood = self._rate.count(similar.entry.entry_id, now)
            return similar_finding(similar, tag=self._tag_similar, flood=flood)

    def _same(self, sha256: str) -> list[Match]:
        return [Match(entry, None) for entry in self._by_sha256.get(sha256, {}).values()]

    def similar(self, pdqs: Sequence[str]) -> Match | None:
        """Return the nearest deepfake that enough of the frames match; None if an authentic one is nearer."""
        nearest: dict[KnownLabel, Match] = {}
        for match in sorted(self._near(pdqs), key=lambda match: match.distance or 0, reverse=True):
            nearest[match.entry.label] = match
        deepfake, authentic = nearest.get(KnownLabel.DEEPFAKE), nearest.get(KnownLabel.AUTHENTIC)
        if deepfake is not None and authentic is not None:
            return deepfake if (deepfake.distance or 0) <= (authentic.distance or 0) else None
        return deepfake

    def _near(self, pdqs: Sequence[str]) -> Iterator[Match]:
        """Yield the entries that enough of the frames match in one orientation."""
        if not pdqs or not len(self._index):
            return
        variants = [variant for pdq in pdqs for variant in dihedral(pdq)]
        best: dict[tuple[int, int], dict[int, int]] = {}  # by entry and orientation: distances of frames
        for found in self._index.near(variants, THRESHOLD):
            if found.distance <= self._by_change[found.key].threshold:
                frame, turn = divmod(found.query, ORIENTATIONS)
                frames = best.setdefault((found.key, turn), {})
                frames[frame] = min(frames.get(frame, found.distance), found.distance)
        for (key, _), frames in best.items():
            if len(frames) >= VIDEO_SHARE * len(pdqs):
                yield Match(self._by_change[key], min(frames.values()))

    def _take_up(self, entry: KnownEntry, added: dict[int, tuple[str, ...]]) -> None:
        self._entries[entry.entry_id] = self._by_change[entry.change] = entry
        if entry.sha256 is not None:
            self._by_sha256.setdefault(entry.sha256, {})[entry.entry_id] = entry
        if entry.label is KnownLabel.DEEPFAKE or entry.bank == OWN_BANK:  # others cannot exempt
            added[entry.change] = entry.pdqs

    def _forget(self, entry_id: UUID, added: dict[int, tuple[str, ...]]) -> None:
        entry = self._entries.pop(entry_id, None)
        if entry is None:
            return
        self._rate.forget(entry_id)
        if added.pop(entry.change, None) is None:
            self._index.remove([entry.change])
        del self._by_change[entry.change]
        if entry.sha256 is not None:
            same = self._by_sha256[entry.sha256]
            del same[entry_id]
            if not same:
                del self._by_sha256[entry.sha256]


def exact_finding(matches: Sequence[Match], *, flood: bool) -> SignalFinding | None:
    """Return what entries of the same bytes tell; those of our own moderators outrank imported ones.

    Others can accuse but not exempt. ``flood``: an entry matches too many posts to be believed unseen.
    """
    own = [match for match in matches if match.entry.bank == OWN_BANK]
    labels = {match.entry.label for match in own or matches}
    if not labels:
        return None
    detail = "; ".join(sorted(map(str, own or matches)))
    if KnownLabel.DEEPFAKE not in labels:
        return _finding(Label.AUTHENTIC if own else None, detail, decisive=bool(own))
    if len(labels) > 1:
        return _finding(Label.SUSPECTED, f"contradictory: {detail}", decisive=False)
    if flood:
        return _finding(Label.SUSPECTED, f"{FLOOD}: {detail}", decisive=False)
    return _finding(Label.DEEPFAKE, detail, decisive=True)


def similar_finding(match: Match, *, tag: bool, flood: bool) -> SignalFinding:
    """Return what a similar deepfake tells: a suspicion, or the label if the operator wants it tagged."""
    if flood:
        return _finding(Label.SUSPECTED, f"{FLOOD}: {match}", decisive=False)
    if tag:
        return _finding(Label.DEEPFAKE, str(match), decisive=True)
    return _finding(Label.SUSPECTED, f"{match}; it may be the picture that was forged", decisive=False)


def _finding(label: Label | None, detail: str, *, decisive: bool) -> SignalFinding:
    return SignalFinding(
        signal=NAME, version=VERSION, label=label, decisive=decisive, detail=detail[:MAX_SIGNAL_DETAIL]
    )
