"""Preparing: faces get a box, landmarks and a cluster; pictures without one are left out."""

import io
import tarfile

import cv2
import numpy as np
import pytest
import skimage.data

from training.datasets import read_faces
from training.prepare import index_faces


@pytest.fixture
def faces(tmp_path, portrait):
    """A tiny set in the layout of the aligned faces: one face, the same re-encoded, and a cup of coffee."""
    face = portrait[50:180, 160:290]
    pictures = {"a.jpg": (face, 95), "b.jpg": (face, 60), "c.jpg": (skimage.data.coffee()[:200, :200], 95)}
    with tarfile.open(tmp_path / "faces-0.tar", "w") as shard:
        for name, (picture, quality) in pictures.items():
            bgr = cv2.cvtColor(cv2.resize(picture, (200, 200)), cv2.COLOR_RGB2BGR)
            content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            member = tarfile.TarInfo(f"faces/{name}")
            member.size = len(content)
            shard.addfile(member, io.BytesIO(content))
    lines = [f"{name},faces-0.tar,40,female,white,-" for name in pictures]
    (tmp_path / "faces.csv").write_text("\n".join(["name,shard,age,gender,group,sha256", *lines]) + "\n")
    return tmp_path


def test_index_holds_the_faces_and_their_cluster(faces):
    # when indexed twice, the second time from what is there
    for _ in range(2):
        index_faces(faces, faces / "index.csv")

    # then both faces are in it, as one cluster, with eyes above the mouth
    photos = read_faces(faces, faces / "index.csv")
    assert [(photo.name, photo.unit, photo.group) for photo in photos] == [
        ("a.jpg", "a.jpg", "white"),
        ("b.jpg", "a.jpg", "white"),
    ]
    eyes, mouth = photos[0].landmarks[:2], photos[0].landmarks[3:]
    assert eyes[:, 1].max() < mouth[:, 1].min()
    assert np.all(eyes[0] < eyes[1] + [0, 20])
