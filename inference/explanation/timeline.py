"""Draw the scores of a video's faces over its time, with the frames that speak most for a forgery."""

from collections.abc import Iterator, Sequence
from io import BytesIO

from PIL import Image, ImageDraw

from inference.analysis import FaceFinding, MediaAnalysis
from inference.evidence import evidence_crop, suspects
from inference.explanation import style
from inference.explanation.scales import Scale, clock, score_scale, time_ticks
from inference.media.decoded import DecodedMedia

SHARPNESS = 2  # drawn so many times larger and reduced: Pillow's lines have no soft edges of their own
WIDTH, HEIGHT = 1080, 560
LEFT, RIGHT, TOP, BOTTOM = 64, 1000, 64, 320  # of the plot
THUMB, THUMB_TOP, THUMBS = 144, 372, 6
SHORT = 10.0  # seconds; in a clip no longer than that, frames are less than a third of a second apart
LABEL_RISE = 8  # pixels of a threshold's name above its line: it is the name of what is above


def worst_moments(analysis: MediaAnalysis, count: int) -> list[FaceFinding]:
    """The highest-scored of the flagged faces' frames, in order of time, one a frame."""
    tracks = {face.track for face in suspects(analysis)}
    best: dict[int, FaceFinding] = {}
    for face in analysis.faces:
        if face.track in tracks and (face.frame not in best or face.score > best[face.frame].score):
            best[face.frame] = face
    worst = sorted(best.values(), key=lambda face: face.score, reverse=True)[:count]
    return sorted(worst, key=lambda face: face.frame)


def timeline(media: DecodedMedia, analysis: MediaAnalysis) -> bytes:
    """A PNG file, 1080 x 560, for a media that moves and is flagged."""
    return _Timeline(media, analysis).png()


class _Timeline:
    """One drawing; methods add to it. Places are in pixels of the finished picture."""

    def __init__(self, media: DecodedMedia, analysis: MediaAnalysis) -> None:
        self._media, self._analysis = media, analysis
        self._image = Image.new("RGB", (WIDTH * SHARPNESS, HEIGHT * SHARPNESS), style.PAPER)
        self._draw = ImageDraw.Draw(self._image)
        times = [face.seconds or 0.0 for face in analysis.faces]
        self._end = max(media.seconds or 0.0, *times, 0.1)
        self._x = Scale((0.0, self._end), (LEFT, RIGHT))
        self._y = score_scale(analysis.suspect_threshold, analysis.threshold, BOTTOM, TOP)
        named = zip((face.track for face in suspects(analysis)), style.FACES, strict=False)
        self._colours = dict(named)

    def png(self) -> bytes:
        self._title()
        self._axes()
        self._thresholds()
        for track in sorted({face.track for face in self._analysis.faces}, key=self._rank):
            self._curve([face for face in self._analysis.faces if face.track == track])
        moments = worst_moments(self._analysis, THUMBS)
        for place, face in zip(_places(len(moments)), moments, strict=True):
            self._moment(place, face)
        file = BytesIO()
        self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
        return file.getvalue()

    def _rank(self, track: int | None) -> int:
        """Others first and the worst face last, so that it lies on top."""
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
        left = right - self._draw.textlength(text, style.font(14 * SHARPNESS)) / SHARPNESS
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
        for score, word, colour in ((suspect, "suspected", style.SUSPECT), (tag, "deepfake", style.TAG)):
            y = round(self._y(score)) + 0.5  # on whole pixels, else the line is pale
            for x in range(LEFT, RIGHT, 10):
                self._line([(x, y), (x + 5, y)], colour, 1)
            self._text((LEFT - 10, y), style.probability(score), 13, colour, "rm")
            self._text((RIGHT + 8, y - LABEL_RISE), word, 13, colour, "lm")

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
        edge = THUMB * SHARPNESS
        place = (round(left * SHARPNESS), THUMB_TOP * SHARPNESS)
        self._image.paste(thumb.resize((edge, edge), Image.Resampling.LANCZOS), place)
        self._line([(left, THUMB_TOP - 2), (left + THUMB, THUMB_TOP - 2)], colour, 4)
        digits = 2 if self._end < SHORT else 1
        told = f"{clock(face.seconds or 0.0, digits)}   {style.probability(face.score)}"
        self._text((middle, THUMB_TOP + THUMB + 10), told, 13, style.INK, "mt")

    def _point(self, face: FaceFinding) -> tuple[float, float]:
        return self._x(face.seconds or 0.0), self._y(face.score)

    def _line(self, points: Sequence[tuple[float, float]], colour: style.Colour, width: int) -> None:
        scaled = [(x * SHARPNESS, y * SHARPNESS) for x, y in points]
        self._draw.line(scaled, colour, width * SHARPNESS, joint="curve")

    def _dot(self, at: tuple[float, float], radius: int, colour: style.Colour, *, ring: bool = False) -> None:
        x, y = at[0] * SHARPNESS, at[1] * SHARPNESS
        self._draw.circle(
            (x, y),
            radius * SHARPNESS,
            fill=style.PAPER if ring else colour,
            outline=colour,
            width=2 * SHARPNESS,
        )

    def _text(self, at: tuple[float, float], text: str, size: int, colour: style.Colour, anchor: str) -> None:
        place = (at[0] * SHARPNESS, at[1] * SHARPNESS)
        self._draw.text(place, text, colour, style.font(size * SHARPNESS), anchor=anchor)


def _places(count: int) -> Iterator[float]:
    """Left edges of thumbnails, evenly over the width of the plot."""
    gap = (RIGHT - LEFT - THUMBS * THUMB) / (THUMBS - 1)
    return (LEFT + number * (THUMB + gap) for number in range(count))
