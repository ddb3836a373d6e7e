"""Frames and videos: what the models say of clips, and how the frames' scores become one of the video."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from inference.decision import track_score
from training.datasets import Photo
from training.evaluation.bootstrap import Estimate, draw, estimate
from training.evaluation.clips import Clip, film
from training.evaluation.curve import Flags, Floats, area, decide_at, equal_error_rate, finds_at, trace
from training.evaluation.progress import Follow, unfollowed
from training.evaluation.scoring import Model, made_ahead
from training.evaluation.trials import Plan
from training.pairs import draw_source

EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Filmed:
    """Clips of N people or clusters: who, whether forged, and each model's probabilities (N, F)."""

    units: NDArray[np.str_]
    forged: Flags
    frames: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class VideoRow:
    """Measures of one way of judging: single frames, or videos by a rule; ``count`` is of what is judged."""

    name: str
    count: int
    measures: dict[str, Estimate]


def ask_clips(
    models: Sequence[Model],
    photos: Sequence[Photo],
    plan: Plan,
    follow: Follow = unfollowed,
) -> Filmed:
    """Return what the models say of a real and a forged clip of each photograph; methods take turns."""
    units: list[str] = []
    scores: dict[str, list[list[float]]] = {model.name: [] for model in models}
    jobs = [partial(_film_twice, photo, place, plan) for place, photo in enumerate(photos)]
    made = follow(made_ahead(jobs), total=len(jobs), description="clips")
    for photo, pair in zip(photos, made, strict=True):
        for clip in pair:
            boxes = [(x0, y0, x1, y1) for x0, y0, x1, y1 in clip.boxes.tolist()]
            for model in models:
                scores[model.name].append(model.score(zip(clip.frames, boxes, strict=True)))
            units.append(photo.unit)
    forged = np.arange(len(units)) % 2 == 1
    return Filmed(np.array(units), forged, {name: np.array(given) for name, given in scores.items()})


def _film_twice(photo: Photo, place: int, plan: Plan) -> tuple[Clip, Clip]:
    """Return (real, forged)."""
    rng = plan.rng(photo)
    source, seed = draw_source(photo, plan.sources[photo.collection], rng), int(rng.integers(2**31))
    method = plan.methods[place % len(plan.methods)]
    return film(photo, None, source, seed), film(photo, method, source, seed)


def majority(scores: Sequence[float]) -> float:
    """Return the share of frames said to be forged: above one half, the majority is."""
    return float(np.mean(np.asarray(scores) >= EVEN))


def by_level(filmed: Filmed, model: str) -> list[VideoRow]:
    """Return frames one by one, videos by the rule of service, and videos by the majority of frame labels."""
    frames = filmed.frames[model]
    per_frame = (np.repeat(filmed.units, frames.shape[1]), np.repeat(filmed.forged, frames.shape[1]))
    videos = {
        "video, as served": [track_score(one) for one in frames.tolist()],
        "video, majority of frames": [majority(one) for one in frames.tolist()],
    }
    rows = [_row("frame", frames.ravel(), per_frame[1], per_frame[0])]
    return rows + [_row(name, np.array(one), filmed.forged, filmed.units) for name, one in videos.items()]


def _row(name: str, scores: Floats, forged: Flags, units: NDArray[np.str_]) -> VideoRow:
    weights = draw(units)
    curve = trace(scores, forged, weights)
    measures = {
        "AUC": area(curve),
        "EER": equal_error_rate(curve),
        "TPR at 5 % FPR": finds_at(curve, 0.05),
        "accuracy": decide_at(EVEN, scores, forged, weights).accuracy,
    }
    return VideoRow(name, len(scores), {key: estimate(values) for key, values in measures.items()})
