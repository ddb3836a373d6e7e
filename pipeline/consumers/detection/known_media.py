"""Finds earlier analyses of media items, if possible without a download.

A post that many users report is asked about many times. The store says with a HEAD request whether an object
is still the one that was read before.
"""

from sqlalchemy import Engine

from pipeline.consumers.detection.media_fetcher import FetchedMedia, MediaFetcher, require_checksum
from schemas.posts import Media
from schemas.verdicts import MediaVerdict
from storage import analyses, media_objects
from storage.database import transaction


class KnownMedia:
    """Media items that were analysed before under one analysis identity. Safe to use from several threads."""

    def __init__(self, fetcher: MediaFetcher, database: Engine, *, identity: str) -> None:
        self._fetcher = fetcher
        self._database = database
        self._identity = identity

    def find(self, media: Media) -> MediaVerdict | None:
        """Return the analysis of an unchanged object; None if its bytes must be fetched.

        Raise what :meth:`MediaFetcher.fetch` raises.
        """
        with transaction(self._database) as session:
            remembered = media_objects.find(session, media.uri)
            if remembered is None:
                return None
            version, sha256 = remembered
            known = analyses.find(session, [sha256], self._identity).get(sha256)
        if known is None or not self._fetcher.is_unchanged(media, version):
            return None
        require_checksum(media, sha256)
        return known.at(media.uri)

    def find_fetched(self, media: Media, fetched: FetchedMedia) -> MediaVerdict | None:
        """Return the analysis of these bytes, which may be stored under another URI; remember the object."""
        with transaction(self._database) as session:
            media_objects.remember(session, media.uri, fetched.version, fetched.sha256)
            known = analyses.find(session, [fetched.sha256], self._identity).get(fetched.sha256)
        return None if known is None else known.at(media.uri)
