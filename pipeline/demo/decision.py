"""Who decided on the media item of a demo post. Pure."""

from schemas.verdicts import Label, MediaVerdict, VerdictIssued

MODEL = "model"
EARLIER = "earlier_analysis"  # of the same bytes
FILE_CHECK = "file_check"  # the file was refused before anything could look at it
KNOWN_MEDIA, CREDENTIALS, METADATA, WATERMARK = "known_media", "credentials", "metadata", "watermark"


def decided_by(verdict: VerdictIssued) -> str:
    """Return who set the label of a post with one media item: one of the above, or a signal of a plug-in."""
    return _decider(verdict.media[0]) if verdict.media else FILE_CHECK


def _decider(media: MediaVerdict) -> str:
    decisive = [finding.signal for finding in media.signals if finding.decisive]
    if KNOWN_MEDIA in decisive:  # asked beside an earlier analysis
        return KNOWN_MEDIA
    if media.reused:
        return EARLIER
    if decisive:
        return decisive[0]
    if media.reason is not None:
        return FILE_CHECK
    suspecting = [finding.signal for finding in media.signals if finding.label is Label.SUSPECTED]
    return suspecting[0] if suspecting and media.label is Label.SUSPECTED else MODEL


def findings(verdict: VerdictIssued) -> dict[str, str]:
    """Return what signals found, in words, by signal."""
    return {finding.signal: finding.detail for media in verdict.media for finding in media.signals}
