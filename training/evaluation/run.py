"""Run an evaluation: load models and data, sample photographs, score them, and measure the results."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from training.datasets import Photo, by_collection, read_collection
from training.evaluation.abstention import compare_degradations, degraded_trials
from training.evaluation.aggregation import Choice, compare_face_rules, compare_frame_rules
from training.evaluation.bootstrap import RESAMPLES
from training.evaluation.examples import Gallery
from training.evaluation.methods import METHODS
from training.evaluation.predictions import Predictions
from training.evaluation.progress import TrackProgress, untracked
from training.evaluation.result import Result, Sample, measure_model
from training.evaluation.sampling import sample_photos
from training.evaluation.scoring import Model, load_models, score_trials
from training.evaluation.trials import Plan, make_trials
from training.evaluation.video import ClipScores, score_clips

CLIP_SHARE = 0.1  # of the photographs become clips; each means 64 frames to make and score
MIN_CLIPS = 12
DEGRADED_SHARE = 1 / 3  # of the photographs are shrunk and blurred; each gives 24 pictures


@dataclass(frozen=True, slots=True)
class Request:
    """What to evaluate.

    ``choices`` also compares the served decision rules with alternatives; ``examples`` collects the worst
    mistakes.
    """

    models: Sequence[Path]
    data: Sequence[Path]
    max_photos: int = 600
    device: str = "auto"
    seed: int = 0
    choices: bool = False
    examples: bool = False


def evaluate(request: Request, track: TrackProgress = untracked) -> tuple[Result, Gallery | None]:
    """Return the measurements, and the worst mistakes if requested.

    Raises :class:`~training.errors.TrainingError`, :class:`~inference.errors.InferenceError`.
    """
    models = load_models(request.models, request.device)
    photos = [photo for folder in request.data for photo in read_collection(folder)]
    sample = sample_photos(photos, request.max_photos, request.seed)
    return evaluate_photos(models, sample, request, track)


def evaluate_photos(
    models: Sequence[Model], photos: Sequence[Photo], request: Request, track: TrackProgress
) -> tuple[Result, Gallery | None]:
    """Score the photographs with every model and return the measurements."""
    reals = [photo for photo in photos if not photo.forged]
    plan = Plan(METHODS, by_collection(reals), request.seed)
    gallery = Gallery() if request.examples else None
    jobs = [partial(make_trials, photo, index, plan) for index, photo in enumerate(photos)]
    predictions = score_trials(models, jobs, "pictures", track, gallery.add if gallery else None)
    clip_scores = score_clips(models, reals[: max(round(len(reals) * CLIP_SHARE), MIN_CLIPS)], plan, track)
    choices = _compare_choices(models, reals, plan, clip_scores, track) if request.choices else {}
    results = [
        measure_model(predictions, clip_scores, model.name, model.card, choices.get(model.name, {}))
        for model in track(models, total=len(models), description="intervals")
    ]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Result(now, _sample(photos, predictions, clip_scores, request.seed), results), gallery


def _compare_choices(
    models: Sequence[Model],
    reals: Sequence[Photo],
    plan: Plan,
    clip_scores: ClipScores,
    track: TrackProgress,
) -> dict[str, dict[str, list[Choice]]]:
    photos = reals[: max(round(len(reals) * DEGRADED_SHARE), 1)]
    jobs = [partial(degraded_trials, photo, index, plan) for index, photo in enumerate(photos)]
    predictions = score_trials(models, jobs, "sizes", track)
    return {
        model.name: {
            "Score of a video from its frames": compare_frame_rules(
                clip_scores, model.name, model.card.suspect_threshold
            ),
            "Score of a video from two faces": compare_face_rules(
                clip_scores, model.name, model.card.suspect_threshold
            ),
            "Faces too small or too blurred for an opinion": compare_degradations(
                predictions, model.name, model.card.suspect_threshold, model.card.min_face_px
            ),
        }
        for model in models
    }


def _sample(photos: Sequence[Photo], predictions: Predictions, clip_scores: ClipScores, seed: int) -> Sample:
    return Sample(
        photographs=len(photos),
        people=len({photo.unit for photo in photos}),
        collections=dict(sorted(Counter(photo.collection for photo in photos).items())),
        pictures=len(predictions),
        clips=len(clip_scores.units),
        seed=seed,
        resamples=RESAMPLES,
    )
