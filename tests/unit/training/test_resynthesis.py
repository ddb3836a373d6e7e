"""Resynthesis: the shipped generators change the face only, reproducibly by seed."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from training.autoencoders import HELD_OUT, RECIPES, Trainer, aligned_faces, batches
from training.errors import GeneratorUnreadableError
from training.forgeries import Region, load_generators, resynthesise_face, swap_blend
from training.forgeries.autoencoder import (
    Architecture,
    FaceAutoencoder,
    Upsampling,
    load_autoencoder,
    save_autoencoder,
)
from training.forgeries.generator import frame_matrix, load_held_out_generator
from training.forgeries.masks import TEMPLATE, similarity_between

FACE = (slice(80, 160), slice(195, 255))


def test_similarity_finds_rotation_scale_and_shift_without_shear():
    # given the template rotated by 90 degrees, doubled and moved, and the same with a point displaced
    rotated = TEMPLATE[:, ::-1] * np.array([-2, 2], np.float32) + np.array([300, 20], np.float32)
    crooked = rotated + np.eye(5, 2, dtype=np.float32) * 5

    # then the first map is exact, and the second has no shear
    assert np.allclose(similarity_between(TEMPLATE, rotated), [[0, -2, 300], [2, 0, 20]], atol=1e-3)
    (a, b, _), (c, d, _) = similarity_between(TEMPLATE, crooked)
    assert (a, b) == pytest.approx((d, -c))


def test_three_generators_are_shipped_for_training_and_another_kind_for_the_test():
    training = {g.network.architecture.upsampling for g in load_generators()}
    assert training == {recipe.architecture.upsampling for recipe in RECIPES.values()}
    assert load_held_out_generator().network.architecture == HELD_OUT["bilinear"].architecture
    assert load_held_out_generator().network.architecture.upsampling not in training


@pytest.mark.parametrize("index", range(3))
def test_generator_returns_the_same_face_softer(portrait, landmarks, index):
    # when the portrait is resynthesised
    generator = load_generators()[index]
    drawn = generator.resynthesise(portrait, landmarks, np.random.default_rng(1))

    # then the face is similar but not equal, and nothing changes outside the frame
    error = np.abs(drawn[FACE].astype(int) - portrait[FACE])
    assert 1 < error.mean() < 12
    assert np.array_equal(drawn[300:], portrait[300:])


def test_resynthesis_changes_the_picture_only_under_the_mask(portrait, landmarks):
    for seed in range(6):
        generator = load_generators()[seed % 3]
        forged, mask = resynthesise_face(
            portrait, landmarks, generator, np.random.default_rng(seed), Region.FACE
        )
        assert forged.shape == portrait.shape
        assert np.array_equal(forged[mask == 0], portrait[mask == 0])
        assert (forged[mask > 0.9] != portrait[mask > 0.9]).any()


def test_resynthesis_is_reproducible_by_seed(portrait, landmarks):
    generator = load_generators()[0]
    first, again, other = (
        resynthesise_face(portrait, landmarks, generator, np.random.default_rng(seed))[0]
        for seed in (7, 7, 8)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_swap_can_go_through_a_generator(portrait, landmarks):
    # given the same seed with and without a generator
    forged = [
        swap_blend(portrait, landmarks, portrait, landmarks, np.random.default_rng(2), generator=generator)
        for generator in (None, load_generators()[1])
    ]
    assert not np.array_equal(forged[0][0], forged[1][0])
    assert np.array_equal(forged[1][0][forged[1][1] == 0], portrait[forged[1][1] == 0])


def test_face_cut_off_by_the_edge_is_redrawn(portrait, landmarks):
    # given the portrait cut through the face
    cut, moved = portrait[90:, 200:], landmarks - np.array([200, 90], np.float32)
    forged, _ = resynthesise_face(cut, moved, load_generators()[2], np.random.default_rng(0), Region.FACE)
    assert forged.shape == cut.shape


@pytest.mark.parametrize("upsampling", Upsampling)
@pytest.mark.parametrize("residual", [False, True])
def test_autoencoder_keeps_size_and_survives_its_file(upsampling, residual, tmp_path):
    # given a small network of each kind
    network = FaceAutoencoder(Architecture(32, 4, 3, upsampling, residual)).half().float().eval()
    faces = torch.rand(2, 3, 32, 32)

    # when written and read
    save_autoencoder(network, tmp_path / "a.safetensors")
    loaded = load_autoencoder(tmp_path / "a.safetensors")

    # then its output is equal
    with torch.inference_mode():
        assert loaded(faces).shape == faces.shape
        assert torch.allclose(loaded(faces), network(faces), atol=1e-5)


@pytest.mark.parametrize("content", [None, b"", b"no tensors at all"])
def test_unreadable_file_is_named(content, tmp_path):
    path = tmp_path / "broken.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GeneratorUnreadableError, match=r"broken\.safetensors"):
        load_autoencoder(path)


@pytest.mark.parametrize("recipe", ["transposed", "bilinear"])
def test_trainer_learns_to_reconstruct_a_face(recipe, photo):
    # given one face, and a run past the start of adversarial training
    trainer = Trainer((RECIPES | HELD_OUT)[recipe])
    size = trainer.network.architecture.size
    stream = batches(aligned_faces([photo], size), np.random.default_rng(0))

    # when trained for six steps
    errors = [trainer.step(next(stream), 0.5) for _ in range(6)]

    # then the error has decreased
    assert errors[-1] < errors[0]


def test_aligned_face_has_its_eyes_level_in_the_frame(photo):
    matrix = frame_matrix(photo.landmarks, 96)
    left, right = (matrix @ np.append(eye, 1) for eye in photo.landmarks[:2])
    assert left[1] == pytest.approx(right[1], abs=2)
    assert 0.2 * 96 < left[0] < right[0] < 0.8 * 96


def test_blending_needs_no_torch():
    code = "import sys, training.forgeries; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
