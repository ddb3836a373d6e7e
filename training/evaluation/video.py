"""Score clips frame by frame, and compare frame-level with video-level metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from inference.decision import track_score
from training.datasets import Photo
from training.evaluation.bootstrap import Estimate, estimate, resample_weights
from training.evaluation.clips import Clip, make_clip
from training.evaluation.progress import TrackProgress, untracked
from training.evaluation.scoring import Model, prefetched
from training.evaluation.trials import Plan
from training.evaluation.weighted_metrics import (
    Flags,
    Floats,
    confusion_at,
    equal_error_rate,
    roc_auc,
    roc_curve,
    tpr_at_fpr,
)
from training.pairs import draw_source

EVEN = 0.5


@dataclass(frozen=True, slots=True)
class ClipScores:
    """Scores of N clips: unit (N,), ground truth (N,), and each model's frame probabilities (N, F)."""

    units: NDArray[np.str_]
    forged: Flags
    frames: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class VideoRow:
    """Metrics of single frames, or of videos under one rule; ``count`` is the number of frames or videos."""

    name: str
    count: int
    measures: dict[str, Estimate]


def score_clips(
    models: Sequence[Model],
    photos: Sequence[Photo],
    plan: Plan,
    track: TrackProgress = untracked,
) -> ClipScores:
    """Return every model's scores of a real and a forged clip of each photograph; methods rotate."""
    units: list[str] = []
    scores: dict[str, list[list[float]]] = {model.name: [] for model in models}
    jobs = [partial(_make_clip_pair, photo, index, plan) for index, photo in enumerate(photos)]
    pairs = track(prefetched(jobs), total=len(jobs), description="clips")
    for photo, pair in zip(photos, pairs, strict=True):
        for clip in pair:
            boxes = [(x0, y0, x1, y1) for x0, y0, x1, y1 in clip.boxes.tolist()]
            for model in models:
                scores[model.name].append(model.score(zip(clip.frames, boxes, strict=True)))
            units.append(photo.unit)
    forged = np.arange(len(units)) % 2 == 1
    return ClipScores(np.array(units), forged, {name: np.array(clips) for name, clips in scores.items()})


def _make_clip_pair(photo: Photo, index: int, plan: Plan) -> tuple[Clip, Clip]:
    """Return (real, forged)."""
    rng = plan.rng(photo)
    source, seed = draw_source(photo, plan.sources[photo.collection], rng), int(rng.integers(2**31))
    method = plan.methods[index % len(plan.methods)]
    return make_clip(photo, None, source, seed), make_clip(photo, method, source, seed)


def majority_vote(scores: Sequence[float]) -> float:
    """Return the share of frames classified as forged; above one half, the majority is."""
    return float(np.mean(np.asarray(scores) >= EVEN))


def by_level(clip_scores: ClipScores, model: str) -> list[VideoRow]:
    """Return metrics of single frames, of videos under the served rule, and of videos under majority vote."""
    frames, units, forged = clip_scores.frames[model], clip_scores.units, clip_scores.forged
    frames_per_clip = frames.shape[1]
    videos = {
        "video, as served": [track_score(clip) for clip in frames.tolist()],
        "video, majority of frames": [majority_vote(clip) for clip in frames.tolist()],
    }
    frame_row = _row(
        "frame", frames.ravel(), np.repeat(forged, frames_per_clip), np.repeat(units, frames_per_clip)
    )
    return [frame_row] + [_row(name, np.array(scores), forged, units) for name, scores in videos.items()]


def _row(name: str, scores: Floats, forged: Flags, units: NDArray[np.str_]) -> VideoRow:
    weights = resample_weights(units)
    curve = roc_curve(scores, forged, weights)
    measures = {
        "AUC": roc_auc(curve),
        "EER": equal_error_rate(curve),
        "TPR at 5 % FPR": tpr_at_fpr(curve, 0.05),
        "accuracy": confusion_at(EVEN, scores, forged, weights).accuracy,
    }
    return VideoRow(name, len(scores), {key: estimate(values) for key, values in measures.items()})
