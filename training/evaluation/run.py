"""From model folders and preprocessed data to a report: draw, make, ask, measure, write."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from training.datasets import Photo, by_collection, read_collection
from training.evaluation.abstention import compare_losses, lossy_trials
from training.evaluation.aggregation import Choice, compare_face_rules, compare_frame_rules
from training.evaluation.answers import Answers
from training.evaluation.bootstrap import RESAMPLES
from training.evaluation.examples import Gallery
from training.evaluation.methods import METHODS
from training.evaluation.progress import Follow, unfollowed
from training.evaluation.result import Result, Sample, measure
from training.evaluation.sample import draw_photos
from training.evaluation.scoring import Model, ask, load_models
from training.evaluation.trials import Plan, trials
from training.evaluation.video import Filmed, ask_clips

CLIP_SHARE = 0.1  # of the photographs become clips: each is 64 pictures to forge and score
FEWEST_CLIPS = 12
SIZED_SHARE = 1 / 3  # of the photographs are shrunk and blurred, 24 pictures each


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be evaluated: ``most`` photographs; choices and examples only where asked for."""

    models: Sequence[Path]
    data: Sequence[Path]
    most: int = 600
    device: str = "auto"
    seed: int = 0
    choices: bool = False
    examples: bool = False


def evaluate(request: Request, follow: Follow = unfollowed) -> tuple[Result, Gallery | None]:
    """Return what was measured, and the worst mistakes where they were asked for.

    Raises :class:`~training.errors.TrainingError`, :class:`~inference.errors.InferenceError`.
    """
    models = load_models(request.models, request.device)
    photos = [photo for folder in request.data for photo in read_collection(folder)]
    return examine(models, draw_photos(photos, request.most, request.seed), request, follow)


def examine(
    models: Sequence[Model], photos: Sequence[Photo], request: Request, follow: Follow
) -> tuple[Result, Gallery | None]:
    """Return what the models say of these photographs, measured."""
    reals = [photo for photo in photos if not photo.forged]
    plan = Plan(METHODS, by_collection(reals), request.seed)
    gallery = Gallery() if request.examples else None
    jobs = [partial(trials, photo, place, plan) for place, photo in enumerate(photos)]
    answers = ask(models, jobs, "pictures", follow, gallery.watch if gallery else None)
    filmed = ask_clips(models, reals[: max(round(len(reals) * CLIP_SHARE), FEWEST_CLIPS)], plan, follow)
    choices = _choices(models, reals, plan, filmed, follow) if request.choices else {}
    found = [
        measure(answers, filmed, model.name, model.card, choices.get(model.name, {}))
        for model in follow(models, total=len(models), description="intervals")
    ]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Result(now, _sample(photos, answers, filmed, request.seed), found), gallery


def _choices(
    models: Sequence[Model], reals: Sequence[Photo], plan: Plan, filmed: Filmed, follow: Follow
) -> dict[str, dict[str, list[Choice]]]:
    shrunk = reals[: max(round(len(reals) * SIZED_SHARE), 1)]
    jobs = [partial(lossy_trials, photo, place, plan) for place, photo in enumerate(shrunk)]
    answers = ask(models, jobs, "sizes", follow)
    return {
        model.name: {
            "Score of a video from its frames": compare_frame_rules(
                filmed, model.name, model.card.suspect_threshold
            ),
            "Score of a video from two faces": compare_face_rules(
                filmed, model.name, model.card.suspect_threshold
            ),
            "Faces too small or too blurred for an opinion": compare_losses(
                answers, model.name, model.card.suspect_threshold, model.card.min_face_px
            ),
        }
        for model in models
    }


def _sample(photos: Sequence[Photo], answers: Answers, filmed: Filmed, seed: int) -> Sample:
    return Sample(
        photographs=len(photos),
        people=len({photo.unit for photo in photos}),
        collections=dict(sorted(Counter(photo.collection for photo in photos).items())),
        pictures=len(answers),
        clips=len(filmed.units),
        seed=seed,
        resamples=RESAMPLES,
    )
