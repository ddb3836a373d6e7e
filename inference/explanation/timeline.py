"""Draw the scores of a video's faces over time, with the highest-scored frames as thumbnails."""

from collections.abc import Iterator, Sequence
from io import BytesIO

from PIL import Image, ImageDraw

from inference.analysis import FaceFinding, MediaAnalysis
from inference.evidence import evidence_crop, suspects
from inference.explanation import style
from inference.explanation.scales import Scale, clock, score_scale, time_ticks
from inference.media.decoded import DecodedMedia

SUPERSAMPLING = 2  # drawn this much larger and then reduced, since Pillow does not antialias lines
WIDTH, HEIGHT = 1080, 560
LEFT, RIGHT, TOP, BOTTOM = 64, 1000, 64, 320  # of the plot
THUMB, THUMB_TOP, THUMBS = 144, 372, 6
SHORT_CLIP = 10.0  # seconds; frames of shorter clips are less than a third of a second apart
LABEL_RISE = 8  # pixels between a threshold's line and its label, which names the range above the line


def worst_moments(analysis: MediaAnalysis, count: int) -> list[FaceFinding]:
    """Return the highest-scored findings of the suspect faces, at most one per frame, in order of time."""
    tracks = {face.track for face in suspects(analysis)}
    best: dict[int, FaceFinding] = {}
    for face in analysis.faces:
        if face.track in tracks and (face.frame not in best or face.score > best[face.frame].score):
            best[face.frame] = face
    worst = sorted(best.values(), key=lambda face: face.score, reverse=True)[:count]
    return sorted(worst, key=lambda face: face.frame)


def timeline(media: DecodedMedia, analysis: MediaAnalysis) -> bytes:
    """Return a PNG file of 1080 x 560 pixels for a flagged video or animation."""
    return _Timeline(media, analysis).png()


class _Timeline:
    """A drawing in progress. Coordinates are in pixels of the finished picture."""

    def __init__(self, media: DecodedMedia, analysis: MediaAnalysis) -> None:
        self._media, self._analysis = media, analysis
        self._image = Image.new("RGB", (WIDTH * SUPERSAMPLING, HEIGHT * SUPERSAMPLING), style.PAPER)
        self._draw = ImageDraw.Draw(self._image)
        times = [face.seconds or 0.0 for face in analysis.faces]
        self._end = max(media.seconds or 0.0, *times, 0.1)
        self._x = Scale((0.0, self._end), (LEFT, RIGHT))
        self._y = score_scale(analysis.suspect_threshold, analysis.threshold, BOTTOM, TOP)
        tracks = (face.track for face in suspects(analysis))
        self._colours = dict(zip(tracks, style.FACES, strict=False))

    def png(self) -> bytes:
        self._title()
        self._axes()
        self._thresholds()
        for track in sorted({face.track for face in self._analysis.faces}, key=self._rank):
            self._curve([face for face in self._analysis.faces if face.track == track])
        moments = worst_moments(self._analysis, THUMBS)
        for left, face in zip(_thumbnail_edges(len(moments)), moments, strict=True):
            self._moment(left, face)
        file = BytesIO()
        self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
        return file.getvalue()

    def _rank(self, track: int | None) -> int:
        """Order tracks so that the worst face is drawn last, on top."""
        order = list(self._colours)
        return -order.index(track) if track in order else -len(order)

    def _colour(self, track: int | None) -> style.Colour:
        return self._colours.get(track, style.OTHERS)

    def _title(self) -> None:
        label = self._analysis.label.value
        ink = style.TAG if label == "deepfake" else style.SUSPECT
        self._text((LEFT, 30), f"{label}  {style.probability(self._analysis.score or 0.0)}", 20, ink, "lm")
        x = float(RIGHT)
        if any(face.track not in self._colours for face in self._analysis.faces):
            x = self._key(x, "others", style.OTHERS)
        for number, colour in reversed(list(enumerate(self._colours.values()))):
            x = self._key(x, f"face-{number}", colour)

    def _key(self, right: float, text: str, colour: style.Colour) -> float:
        left = right - self._draw.textlength(text, style.font(14 * SUPERSAMPLING)) / SUPERSAMPLING
        self._text((right, 30), text, 14, style.INK, "rm")
        self._line([(left - 28, 30), (left - 8, 30)], colour, 3)
        return left - 28 - 20

    def _axes(self) -> None:
        self._line([(LEFT, BOTTOM), (RIGHT, BOTTOM)], style.FAINT, 1)
        for seconds in time_ticks(self._end):
            x = self._x(seconds)
            self._line([(x, BOTTOM), (x, BOTTOM + 5)], style.FAINT, 1)
            self._text((x, BOTTOM + 10), clock(seconds), 13, style.FAINT, "mt")
        for score in (0.0, 1.0):
            self._text((LEFT - 10, self._y(score)), f"{score:.0f}", 13, style.FAINT, "rm")
        self._line([(LEFT, TOP), (RIGHT, TOP)], style.RULE, 1)

    def _thresholds(self) -> None:
        suspect, tag = self._analysis.suspect_threshold, self._analysis.threshold
        for score, label, colour in ((suspect, "suspected", style.SUSPECT), (tag, "deepfake", style.TAG)):
            y = round(self._y(score)) + 0.5  # aligned to whole pixels, otherwise the line looks pale
            for x in range(LEFT, RIGHT, 10):
                self._line([(x, y), (x + 5, y)], colour, 1)
            self._text((LEFT - 10, y), style.probability(score), 13, colour, "rm")
            self._text((RIGHT + 8, y - LABEL_RISE), label, 13, colour, "lm")

    def _curve(self, faces: Sequence[FaceFinding]) -> None:
        colour = self._colour(faces[0].track)
        points = [self._point(face) for face in faces]
        self._line(points, colour, 2)
        for x, y in points:
            self._dot((x, y), 3, colour)

    def _moment(self, left: float, face: FaceFinding) -> None:
        colour, (x, y) = self._colour(face.track), self._point(face)
        middle = left + THUMB / 2
        self._line([(x, y), (x, BOTTOM)], style.RULE, 1)
        self._line([(x, BOTTOM + 28), (middle, THUMB_TOP - 4)], style.OTHERS, 1)
        self._dot((x, y), 5, colour, ring=True)
        thumb = Image.fromarray(evidence_crop(self._media, face))
        edge = THUMB * SUPERSAMPLING
        place = (round(left * SUPERSAMPLING), THUMB_TOP * SUPERSAMPLING)
        self._image.paste(thumb.resize((edge, edge), Image.Resampling.LANCZOS), place)
        self._line([(left, THUMB_TOP - 2), (left + THUMB, THUMB_TOP - 2)], colour, 4)
        digits = 2 if self._end < SHORT_CLIP else 1
        caption = f"{clock(face.seconds or 0.0, digits)}   {style.probability(face.score)}"
        self._text((middle, THUMB_TOP + THUMB + 10), caption, 13, style.INK, "mt")

    def _point(self, face: FaceFinding) -> tuple[float, float]:
        return self._x(face.seconds or 0.0), self._y(face.score)

    def _line(self, points: Sequence[tuple[float, float]], colour: style.Colour, width: int) -> None:
        scaled = [(x * SUPERSAMPLING, y * SUPERSAMPLING) for x, y in points]
        self._draw.line(scaled, colour, width * SUPERSAMPLING, joint="curve")

    def _dot(self, at: tuple[float, float], radius: int, colour: style.Colour, *, ring: bool = False) -> None:
        x, y = at[0] * SUPERSAMPLING, at[1] * SUPERSAMPLING
        self._draw.circle(
            (x, y),
            radius * SUPERSAMPLING,
            fill=style.PAPER if ring else colour,
            outline=colour,
            width=2 * SUPERSAMPLING,
        )

    def _text(self, at: tuple[float, float], text: str, size: int, colour: style.Colour, anchor: str) -> None:
        place = (at[0] * SUPERSAMPLING, at[1] * SUPERSAMPLING)
        self._draw.text(place, text, colour, style.font(size * SUPERSAMPLING), anchor=anchor)


def _thumbnail_edges(count: int) -> Iterator[float]:
    """Return the left edges of the thumbnails, evenly spaced over the width of the plot."""
    gap = (RIGHT - LEFT - THUMBS * THUMB) / (THUMBS - 1)
    return (LEFT + number * (THUMB + gap) for number in range(count))
