"""Simulated codecs: JPEG matches libjpeg almost exactly, WebP and H.264 match approximately."""

import numpy as np
import pytest
import torch

from training import augment
from training.torch_forgeries.codecs import h264, jpeg, webp


@pytest.fixture(scope="module")
def crop(portrait):
    return np.ascontiguousarray(portrait[40:200, 140:300])


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((first.astype(float) - second) ** 2)))


def compressed(codec, crop: np.ndarray, setting: int) -> np.ndarray:
    pixels = torch.from_numpy(crop).permute(2, 0, 1)[None].float()
    return codec(pixels, torch.tensor([float(setting)]))[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("quality", [30, 50, 75, 95])
def test_jpeg_matches_libjpeg(crop, quality):
    real = augment.jpeg(crop, quality)
    simulated = compressed(jpeg, crop, quality)
    assert psnr(simulated, real) > 44
    assert psnr(simulated, crop) == pytest.approx(psnr(real, crop), abs=0.2)


@pytest.mark.parametrize(("name", "codec", "setting"), [
    *(("h264", h264, crf) for crf in (18, 23, 29, 36, 45)),
    *(("webp", webp, quality) for quality in (40, 75, 95)),
])  # fmt: skip
def test_webp_and_h264_match_the_real_codecs_in_loss_and_sharpness(crop, name, codec, setting):
    # given a picture compressed by the real codec and by the simulation
    real, simulated = augment.CODECS[name](crop, setting), compressed(codec, crop, setting)

    # then both lose about as much and keep about as much detail
    detail = [np.abs(np.diff(picture.astype(float), axis=1)).mean() for picture in (real, simulated)]
    assert psnr(simulated, crop) == pytest.approx(psnr(real, crop), abs=2.0)
    assert detail[1] == pytest.approx(detail[0], rel=0.12)


def test_each_picture_has_its_own_quality(crop):
    pixels = torch.from_numpy(crop).permute(2, 0, 1).float().expand(2, -1, -1, -1)
    both = jpeg(pixels, torch.tensor([30.0, 95.0]))
    assert torch.equal(both[0].permute(1, 2, 0), torch.from_numpy(compressed(jpeg, crop, 30)))
    assert torch.equal(both[1].permute(1, 2, 0), torch.from_numpy(compressed(jpeg, crop, 95)))
