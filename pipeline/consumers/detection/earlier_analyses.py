"""Finds earlier analyses of media items, if possible without a download.

A post that many users report is asked about many times. The store says with a HEAD request whether an object
is still the one that was read before.
"""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipeline.consumers.detection.analysed_item import AnalysedItem, reused
from pipeline.consumers.detection.media_fetcher import FetchedMedia, MediaFetcher, require_checksum
from schemas.posts import Media
from storage import analyses, media_objects
from storage.database import transaction
from storage.media_objects import KnownObject


class EarlierAnalyses:
    """Media items that were analysed before under one analysis identity. Safe to use from several threads."""

    def __init__(self, fetcher: MediaFetcher, database: Engine, *, identity: str) -> None:
        self._fetcher = fetcher
        self._database = database
        self._identity = identity

    def recall(self, session: Session, media: tuple[Media, ...]) -> dict[str, KnownObject]:
        """Return what is known of these objects, by URI; whether they have changed is not asked yet."""
        return media_objects.find_analysed(session, [item.uri for item in media], self._identity)

    def confirm(self, media: Media, known: KnownObject) -> AnalysedItem | None:
        """Return the analysis if the object is unchanged; None if its bytes must be fetched.

        Raise what :meth:`MediaFetcher.fetch` raises.
        """
        if not self._fetcher.is_unchanged(media, known.version):
            return None
        require_checksum(media, known.sha256)
        return reused(known.analysis, media.uri)

    def find_fetched(self, media: Media, fetched: FetchedMedia) -> AnalysedItem | None:
        """Return the analysis of these bytes, which may have been read under another URI."""
        with transaction(self._database) as session:
            known = analyses.find(session, [fetched.sha256], self._identity).get(fetched.sha256)
        return None if known is None else reused(known, media.uri)
