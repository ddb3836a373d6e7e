"""Index the aligned faces once: box and landmarks by MTCNN, clusters of near-duplicates by PDQ.

Resumable: faces already in the index are not looked for again.

    python -m training.prepare --faces DATA/faces --index runs/faces-index.csv
"""

import argparse
import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pdqhash
from facenet_pytorch import MTCNN
from numpy.typing import NDArray
from rich.progress import track

from training.datasets import BOX_COLUMNS, LANDMARK_COLUMNS, read_rows, read_shards
from training.splits import near_duplicates

PADDING = 40  # pixels; the faces fill their 200x200 pictures, and MTCNN wants to see the surroundings
MIN_FACE = 70  # the faces are far larger, and a high minimum makes MTCNN fast
MIN_SCORE = 0.9
BATCH = 32


def _decode(encoded: bytes) -> NDArray[np.uint8]:
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError("a face picture cannot be decoded; fetch the data set again")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def central(boxes: NDArray[np.float64], scores: NDArray[np.float64], size: int) -> int | None:
    """Return which of the boxes (N, 4) is nearest to the middle, or None where its score is too low."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    nearest = int(np.argmin(np.abs(centres - size / 2).sum(axis=1)))
    return nearest if scores[nearest] >= MIN_SCORE else None


def find_faces(finder: MTCNN, pictures: list[NDArray[np.uint8]]) -> Iterator[list[float] | None]:
    """Yield for each picture, all of one size, the box and landmarks of its middle face: 14 pixels values."""
    rim = ((PADDING, PADDING), (PADDING, PADDING), (0, 0))
    padded = np.stack([np.pad(picture, rim, mode="edge") for picture in pictures])
    for boxes, scores, points in zip(*finder.detect(padded, landmarks=True), strict=True):
        found = None if boxes is None else central(boxes.astype(float), scores.astype(float), padded.shape[1])
        if found is None:
            yield None
        else:
            values = np.concatenate([boxes[found], np.asarray(points[found], float).ravel()]).astype(float)
            yield (values - PADDING).tolist()


def index_faces(folder: Path, index: Path) -> None:
    """Write name, box, landmarks and cluster of each face in ``folder`` to ``index``."""
    known: dict[str, dict[str, Any]] = dict(read_rows(index)) if index.exists() else {}
    files = list(read_shards(sorted(folder.glob("faces-*.tar"))))
    missing = [(name, encoded) for name, encoded in files if name not in known]
    finder = MTCNN(keep_all=True, min_face_size=MIN_FACE)
    for start in track(range(0, len(missing), BATCH), description="landmarks"):
        chunk = missing[start : start + BATCH]
        found = find_faces(finder, [_decode(encoded) for _, encoded in chunk])
        for (name, _), values in zip(chunk, found, strict=True):
            if values is not None:
                columns = itertools.chain(BOX_COLUMNS, LANDMARK_COLUMNS)
                known[name] = {"name": name, **dict(zip(columns, values, strict=True))}
    kept = [(name, encoded) for name, encoded in files if name in known]
    hashes = [pdqhash.compute(_decode(encoded))[0] for _, encoded in track(kept, description="hashes")]
    clusters = near_duplicates(np.array(hashes, dtype=np.uint8))
    for (name, _), cluster in zip(kept, clusters, strict=True):
        known[name]["cluster"] = kept[cluster][0]
    with index.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["name", *BOX_COLUMNS, *LANDMARK_COLUMNS, "cluster"])
        writer.writeheader()
        writer.writerows(known[name] for name, _ in kept)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faces", type=Path, required=True, help="folder with faces.csv and faces-*.tar")
    parser.add_argument("--index", type=Path, required=True, help="CSV file to write or to complete")
    arguments = parser.parse_args()
    arguments.index.parent.mkdir(parents=True, exist_ok=True)
    index_faces(arguments.faces, arguments.index)


if __name__ == "__main__":
    main()
