"""Compares the verdicts of two models on the same media items. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean
from typing import Any
from uuid import UUID

from schemas.envelope import Event
from schemas.verdicts import MediaVerdict, ModelRef, ShadowVerdict, VerdictIssued

Models = tuple[str, str]  # name@version of the serving model and of the shadow model


@dataclass(frozen=True)
class Pair:
    """The verdicts of both models on a media item."""

    post_id: str
    verdict: MediaVerdict
    shadow: MediaVerdict

    @property
    def difference(self) -> float | None:
        """Score of the shadow model minus score of the serving model; None unless both scored a face."""
        if self.verdict.score is None or self.shadow.score is None:
            return None
        return self.shadow.score - self.verdict.score


@dataclass(frozen=True)
class Comparison:
    """Two models on the same media items."""

    models: Models
    pairs: tuple[Pair, ...]

    @property
    def agreement(self) -> Counter[tuple[str, str]]:
        """Number of media items by label: (serving model, shadow model)."""
        return Counter((pair.verdict.label.value, pair.shadow.label.value) for pair in self.pairs)

    @property
    def agreeing(self) -> float:
        """Share of media items with the same label, 0 to 1."""
        return fmean(pair.verdict.label is pair.shadow.label for pair in self.pairs)

    @property
    def mean_difference(self) -> float | None:
        """Mean absolute difference of the scores; None if no media item has two scores."""
        differences = [abs(pair.difference) for pair in self.pairs if pair.difference is not None]
        return fmean(differences) if differences else None

    @property
    def score_correlation(self) -> float | None:
        """Pearson correlation, -1 to 1; None for fewer than two pairs or constant scores of a model."""
        scores = [
            (pair.verdict.score, pair.shadow.score)
            for pair in self.pairs
            if pair.verdict.score is not None and pair.shadow.score is not None
        ]
        try:
            return correlation([first for first, _ in scores], [second for _, second in scores])
        except StatisticsError:
            return None

    def most_different(self, count: int) -> list[Pair]:
        """Return pairs with different labels before those with the same, largest score difference first.

        A pair counts as most different if only one model scored a face.
        """
        return sorted(self.pairs, key=_similarity)[:count]

    def document(self, limit: int) -> dict[str, Any]:
        """Return the comparison as JSON, with ``limit`` of the most different media items."""
        return {
            "model": self.models[0],
            "shadow_model": self.models[1],
            "media": len(self.pairs),
            "same_label": self.agreeing,
            "labels": [
                {"verdict": first, "shadow": second, "media": count}
                for (first, second), count in sorted(self.agreement.items())
            ],
            "score_correlation": self.score_correlation,
            "mean_difference": self.mean_difference,
            "most_different": [
                {
                    "uri": pair.verdict.uri,
                    "post_id": pair.post_id,
                    "verdict": {"label": pair.verdict.label.value, "score": pair.verdict.score},
                    "shadow": {"label": pair.shadow.label.value, "score": pair.shadow.score},
                }
                for pair in self.most_different(limit)
            ],
        }


def compare_models(verdicts: Iterable[Event], shadows: Iterable[Event]) -> list[Comparison]:
    """Return a comparison for each pair of models with verdicts on the same media items, sorted by name.

    Joins events on the verdict id (so the same post and trigger) and media items on URI and SHA-256. A
    repeated event counts once; events without a counterpart are ignored. ``shadows`` is read first.
    """
    by_verdict: dict[UUID, list[ShadowVerdict]] = defaultdict(list)
    for event in shadows:
        assert isinstance(event.body, ShadowVerdict)
        by_verdict[event.body.verdict_id].append(event.body)
    pairs: dict[Models, dict[tuple[UUID, str], Pair]] = defaultdict(dict)
    for event in verdicts:
        verdict = event.body
        assert isinstance(verdict, VerdictIssued)
        for shadow in by_verdict.get(verdict.verdict_id, ()):
            models = _reference(verdict.model), _reference(shadow.model)
            for pair in _pairs(verdict, shadow):
                pairs[models][verdict.verdict_id, pair.shadow.uri] = pair
    return [Comparison(models, tuple(found.values())) for models, found in sorted(pairs.items())]


def _pairs(verdict: VerdictIssued, shadow: ShadowVerdict) -> list[Pair]:
    verdicts = {(media.uri, media.sha256): media for media in verdict.media}
    return [
        Pair(verdict.post_id, verdicts[media.uri, media.sha256], media)
        for media in shadow.media
        if (media.uri, media.sha256) in verdicts
    ]


def _similarity(pair: Pair) -> tuple[bool, float]:
    same_label = pair.verdict.label is pair.shadow.label
    if pair.difference is not None:
        return same_label, 1 - abs(pair.difference)
    single_score = (pair.verdict.score is None) is not (pair.shadow.score is None)
    return same_label, 0.0 if single_score else 1.0


def _reference(model: ModelRef) -> str:
    return f"{model.name}@{model.version}"
