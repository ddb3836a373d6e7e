"""Where two models differ on the same media: pairs of what they said, and what they tell. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean
from typing import Any
from uuid import UUID

from schemas.envelope import Event
from schemas.verdicts import MediaVerdict, ModelRef, ShadowVerdict, VerdictIssued

Models = tuple[str, str]  # name@version of the model that judges, and of the one on trial


@dataclass(frozen=True)
class Pair:
    """What both said of one media of one verdict."""

    post_id: str
    verdict: MediaVerdict
    shadow: MediaVerdict

    @property
    def difference(self) -> float | None:
        """Score of the trial minus score of the verdict; none unless both judged a face."""
        if self.verdict.score is None or self.shadow.score is None:
            return None
        return self.shadow.score - self.verdict.score


@dataclass(frozen=True)
class Comparison:
    """Two models on the same media."""

    models: Models
    pairs: tuple[Pair, ...]

    @property
    def agreement(self) -> Counter[tuple[str, str]]:
        """How many media got which two labels: the verdict's, the trial's."""
        return Counter((pair.verdict.label.value, pair.shadow.label.value) for pair in self.pairs)

    @property
    def agreeing(self) -> float:
        """Share of the media with the same label, 0 to 1."""
        return fmean(pair.verdict.label is pair.shadow.label for pair in self.pairs)

    @property
    def mean_difference(self) -> float | None:
        """Mean of the absolute differences of scores; none where no media has two."""
        differences = [abs(pair.difference) for pair in self.pairs if pair.difference is not None]
        return fmean(differences) if differences else None

    @property
    def score_correlation(self) -> float | None:
        """Pearson's, -1 to 1; none for fewer than two media, or where a model says the same of all."""
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
        """Those with other labels before those with the same, the widest apart scores first.

        Scores are widest apart where only one model judged a face.
        """
        return sorted(self.pairs, key=_likeness)[:count]

    def document(self, count: int) -> dict[str, Any]:
        """All of it as JSON, with so many of the most different media."""
        return {
            "model": self.models[0],
            "shadow_model": self.models[1],
            "media": len(self.pairs),
            "same_label": self.agreeing,
            "labels": [
                {"verdict": first, "shadow": second, "media": many}
                for (first, second), many in sorted(self.agreement.items())
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
                for pair in self.most_different(count)
            ],
        }


def compare_models(verdicts: Iterable[Event], shadows: Iterable[Event]) -> list[Comparison]:
    """A comparison for each two models that met, by their names.

    Joins what stands beside the same verdict (so the same post and trigger) on the same bytes; a repeat of an
    event counts once, and one without its counterpart not at all. ``shadows`` are read first.
    """
    beside: dict[UUID, list[ShadowVerdict]] = defaultdict(list)
    for event in shadows:
        assert isinstance(event.body, ShadowVerdict)
        beside[event.body.verdict_id].append(event.body)
    pairs: dict[Models, dict[tuple[UUID, str], Pair]] = defaultdict(dict)
    for event in verdicts:
        verdict = event.body
        assert isinstance(verdict, VerdictIssued)
        for shadow in beside.get(verdict.verdict_id, ()):
            models = _reference(verdict.model), _reference(shadow.model)
            for pair in _pairs(verdict, shadow):
                pairs[models][verdict.verdict_id, pair.shadow.uri] = pair
    return [Comparison(models, tuple(found.values())) for models, found in sorted(pairs.items())]


def _pairs(verdict: VerdictIssued, shadow: ShadowVerdict) -> list[Pair]:
    said = {(one.uri, one.sha256): one for one in verdict.media}
    return [
        Pair(verdict.post_id, said[one.uri, one.sha256], one)
        for one in shadow.media
        if (one.uri, one.sha256) in said
    ]


def _likeness(pair: Pair) -> tuple[bool, float]:
    same = pair.verdict.label is pair.shadow.label
    if pair.difference is not None:
        return same, 1 - abs(pair.difference)
    one_score = (pair.verdict.score is None) is not (pair.shadow.score is None)
    return same, 0.0 if one_score else 1.0


def _reference(model: ModelRef) -> str:
    return f"{model.name}@{model.version}"
