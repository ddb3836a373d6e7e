"""Decodes the frames of an animation that Pillow has opened, as far as limits and damage allow."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames, Frame
from inference.media.limits import MediaLimits
from inference.media.rgb import reduced, to_rgb
from inference.media.sampling import evenly_spaced
from schemas.verdicts import UnprocessableReason

DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, RuntimeError)  # what Pillow raises for it

_DEFAULT_FRAME_MS = 100  # what browsers show for a frame without a duration


@dataclass
class _Playback:
    """The frames decoded so far: how many, how long they last in seconds, and the sampled ones."""

    count: int = 0
    seconds: float = 0.0
    sampled: list[Frame] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)
    fault: str = ""


def frame_count(picture: Image.Image) -> int:
    """Return the number of frames. Of a file that ends early, one more than can be found."""
    try:
        return int(getattr(picture, "n_frames", 1))
    except DAMAGE:
        found = 0
    try:
        while True:
            picture.seek(found)
            found += 1
    except DAMAGE:
        picture.seek(0)
    return found + 1


def decode_animation(picture: Image.Image, count: int, limits: MediaLimits) -> DecodedFrames:
    """Return up to ``limits.max_frames`` frames, evenly spaced over those that the limits allow.

    ``count`` is the number of frames that the file states. All frames up to the last sampled one are decoded,
    since each is composed on the one before. A frame that cannot be decoded ends the animation, as it does in
    browsers. Raise :class:`Unprocessable` with ``too_many_pixels``, or ``undecodable`` if there is no frame.
    """
    limits.check_canvas(*picture.size)
    allowed = min(count, limits.animation_frames(*picture.size))
    played = _play(picture, allowed, limits)
    if not played.sampled:
        _keep_first(picture, played, limits)
    if not played.fault and allowed < count:
        played.fault = f"{allowed} of {count} frames are decoded, the limit for their size"
    share = played.count / count
    return DecodedFrames(
        *played.size, _equal_sizes(played.sampled), played.seconds, decoded_share=share, fault=played.fault
    )


def _play(picture: Image.Image, allowed: int, limits: MediaLimits) -> _Playback:
    played = _Playback()
    chosen = frozenset(evenly_spaced(allowed, limits.max_frames))
    for index in range(allowed):
        try:
            picture.seek(index)
            limits.check_canvas(*picture.size)  # a GIF may grow beyond the size in its header
            picture.load()
        except DAMAGE as error:
            played.fault = f"frame {index + 1} cannot be decoded: {error}"
            break
        if index in chosen:
            _keep(picture, played, limits)
        played.count += 1
        played.seconds += (picture.info.get("duration") or _DEFAULT_FRAME_MS) / 1000
    return played


def _keep(picture: Image.Image, played: _Playback, limits: MediaLimits) -> None:
    if not played.sampled:
        played.size = picture.size
    played.sampled.append(Frame(reduced(to_rgb(picture), limits.max_frame_side), played.seconds))


def _keep_first(picture: Image.Image, played: _Playback, limits: MediaLimits) -> None:
    """Keep the first frame of an animation that ends before the first sampled one."""
    if played.count == 0:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, played.fault)
    picture.seek(0)
    picture.load()
    played.size = picture.size
    played.sampled.append(Frame(reduced(to_rgb(picture), limits.max_frame_side), 0.0))


def _equal_sizes(frames: list[Frame]) -> tuple[Frame, ...]:
    """Return the frames in the size of the first: boxes are in pixels of the media item."""
    height, width = frames[0].image.shape[:2]
    return tuple(
        frame
        if frame.image.shape[:2] == (height, width)
        else Frame(np.asarray(cv2.resize(frame.image, (width, height)), dtype=np.uint8), frame.seconds)
        for frame in frames
    )
