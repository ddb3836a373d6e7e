"""Collections with a table ``NAME.csv`` and tars ``NAME-*.tar`` of pictures with one face each."""

from collections.abc import Iterator

from inference.face import Face
from training.preprocess.archive import Entry, SkippedFile, Tree
from training.preprocess.labels import read_rows
from training.preprocess.media import IMAGE_SUFFIXES

POINTS = ("eye1", "eye2", "nose", "mouth1", "mouth2")  # the left one in the picture first


def labelled_pictures(tree: Tree, name: str) -> Iterator[tuple[Entry, dict[str, str]] | SkippedFile]:
    """Yield each picture with its row of the table."""
    tables = [entry for entry in tree.with_suffix({".csv"}) if entry.name == f"{name}.csv"]
    rows = {row["name"]: row for table in tables for row in read_rows(table) if row.get("name")}
    for entry in tree.with_suffix(IMAGE_SUFFIXES):
        row = rows.get(entry.name)
        if row is None:
            yield SkippedFile(entry.path, f"no row with its name in {name}.csv")
        else:
            yield entry, row


def face_from_row(row: dict[str, str]) -> Face | None:
    """Return the face if the row has box and landmarks (pixels), else None."""
    if not row.get("box_x0"):
        return None
    x0, y0, x1, y1 = (float(row[f"box_{corner}"]) for corner in ("x0", "y0", "x1", "y1"))
    points = tuple((float(row[f"{point}_x"]), float(row[f"{point}_y"])) for point in POINTS)
    return Face((x0, y0, x1, y1), points, probability=1.0)
