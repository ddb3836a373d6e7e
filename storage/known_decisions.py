"""Learns known media from moderators' decisions, in the transaction of the decision."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from schemas.moderation import DecisionKind, DecisionMade
from schemas.verdicts import Label, MediaVerdict
from storage import analyses, known_media, verdicts
from storage.known_media import OWN_BANK, KnownLabel, NewEntry

_LABELS = {DecisionKind.DEEPFAKE: KnownLabel.DEEPFAKE, DecisionKind.AUTHENTIC: KnownLabel.AUTHENTIC}
_FLAGGED = frozenset({Label.DEEPFAKE, Label.SUSPECTED})


def learn(session: Session, decision: DecisionMade) -> None:
    """Add the media that a decision is about, and remove what it overrules. Other decisions teach nothing."""
    label = _LABELS.get(decision.decision)
    verdict = verdicts.latest(session, decision.post_id)
    if label is None or verdict is None:
        return
    hashes = decided_hashes(label, verdict.media)
    opposite = [
        entry.entry_id
        for entry in known_media.with_sha256(session, hashes)
        if entry.bank == OWN_BANK and entry.label is not label
    ]
    actor = f"moderator:{decision.moderator}"
    known_media.remove(session, opposite, actor, f"decision {decision.decision_id} overrules it")
    entries = new_entries(label, hashes, analyses.frame_hashes(session, hashes), decision)
    known_media.add(session, entries, actor)


def decided_hashes(label: KnownLabel, media: Sequence[MediaVerdict]) -> list[str]:
    """Return the SHA-256 of the media items that a decision on their post is about.

    A post is authentic if all of its media are. A deepfake may have authentic pictures beside it: it is one
    of those that were flagged, or the only one. If that does not tell which, none.
    """
    read = [item for item in media if item.sha256 is not None]
    if label is KnownLabel.DEEPFAKE:
        flagged = [item for item in read if item.label in _FLAGGED]
        read = flagged or (read if len(media) == 1 else [])
    return list(dict.fromkeys(item.sha256 for item in read if item.sha256 is not None))


def new_entries(
    label: KnownLabel,
    hashes: Sequence[str],
    frame_hashes: Mapping[str, tuple[str, ...]],
    decision: DecisionMade,
) -> list[NewEntry]:
    """Return the entries that a decision adds."""
    return [
        NewEntry(
            label,
            OWN_BANK,
            sha256=sha256,
            pdqs=frame_hashes.get(sha256, ()),
            reference=str(decision.decision_id),
            case_id=decision.case_id,
        )
        for sha256 in hashes
    ]
