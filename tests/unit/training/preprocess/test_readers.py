"""Readers on small trees in the layouts of their collections: persons, forgeries and originals."""

import json
import unicodedata

import pytest

from tests.unit.training.preprocess.trees import (
    VIDEO,
    jpeg,
    media_in,
    people,
    skipped_in,
    tarred,
    write_files,
    zipped,
)
from training.errors import CollectionUnreadableError, SourceMissingError
from training.preprocess.media import Framing, Kind, sex_of
from training.preprocess.run import plan

KODF_REAL = "\ufeff영상ID,UUID,인물성별,촬영장소,촬영시작,스크립트파일,시나리오번호\nr1.mp4,U1,남,실내,,,1\n"
KODF_FAKE = "\ufeff영상ID,타겟영상,타겟UUID,소스UUID,변조모델,촬영시작,인물성별\nf1,r1.mp4,U1,U2,dffs,,남성\n"


@pytest.fixture(params=["folders", "zips", "decomposed"])
def kodf(request, tmp_path):
    """The release with brackets, a misspelt folder name, and a video without a label."""
    files = {
        "1.Training/[원천][원본]train_01": {"r1.mp4": VIDEO, "unknown.mp4": VIDEO},
        "2.Validation/[원천][변조]vaild_dffs": {"sub/f1.mp4": VIDEO},
        "1.Training/[라벨링]train_meta": {"원본영상_training_메타데이터.csv": KODF_REAL},
        "2.Validation/[라벨링]vaild_meta": {"변조영상_validation_메타데이터.csv": KODF_FAKE},
    }
    if request.param == "zips":
        return write_files(tmp_path, {f"{folder}.zip": zipped(members) for folder, members in files.items()})
    flat = {
        f"{folder}/{name}": content for folder, members in files.items() for name, content in members.items()
    }
    if request.param == "decomposed":
        flat = {unicodedata.normalize("NFD", name): content for name, content in flat.items()}
    return write_files(tmp_path, flat)


def test_kodf(kodf):
    # when read from any of the forms
    items = media_in("kodf", kodf)

    # then labels and videos are matched by name, and persons are UUIDs
    real, fake = items["r1"], items["f1"]
    assert (real.forged, real.person, real.source, real.sex) == (False, "kodf/u1", "", "male")
    assert (fake.forged, fake.method, fake.person, fake.source) == (True, "dffs", "kodf/u1", "kodf/u2")
    assert (fake.original, fake.sex, fake.group) == ("r1", "male", "asian")
    assert (real.published, fake.published) == ("train", "validation")
    assert real.kind is Kind.VIDEO
    assert len(items) == 2
    (reason,) = skipped_in("kodf", kodf).values()
    assert "no row" in reason


def test_kodf_labels_in_cp949(tmp_path):
    write_files(
        tmp_path, {"원천데이터/r1.mp4": VIDEO, "라벨링데이터/원본.csv": KODF_REAL[1:].encode("cp949")}
    )
    assert media_in("kodf", tmp_path)["r1"].person == "kodf/u1"


def test_kface_uses_the_largest_file_of_each_photograph(tmp_path):
    write_files(
        tmp_path,
        {
            "High/19062421_S001_L1_E01_C7.jpg": b"x" * 300,
            "Low/19062421_S001_L1_E01_C7.jpg": b"x" * 100,
            "Low/19062421_S001_L1_E01_C7.txt": "1 2",
            "Middle/19062422/S005/L30/E03/C20.jpg": b"x" * 200,
            "readme_S1.jpg": b"x",
        },
    )
    items = media_in("kface", tmp_path)
    assert {name: (media.person, media.entry.size) for name, media in items.items()} == {
        "19062421_S1_L1_E1_C7": ("kface/19062421", 300),
        "19062422_S5_L30_E3_C20": ("kface/19062422", 200),
    }
    assert not any(media.forged for media in items.values())


def test_vggface2_hq(tmp_path):
    meta = 'Class_ID, Name, Sample_Num, Flag, Gender\nn000002, "A", 2, 1, f\n'
    write_files(
        tmp_path,
        {
            "VGGface2_HQ/n000002/0001_01.jpg": b"x",
            "n000003.zip": zipped({"0001_01.jpg": b"x"}),
            "identity_meta.csv": meta,
            "cover.jpg": b"x",
        },
    )
    items = media_in("vggface2-hq", tmp_path)
    assert {name: (media.person, media.sex) for name, media in items.items()} == {
        "n000002/0001_01.jpg": ("vggface2/n000002", "female"),
        "n000003/0001_01.jpg": ("vggface2/n000003", ""),
    }
    assert list(skipped_in("vggface2-hq", tmp_path)) == ["cover.jpg"]


def test_faceforensics(tmp_path):
    original, manipulated = "original_sequences/youtube/c23/videos", "manipulated_sequences"
    write_files(
        tmp_path,
        {
            f"{original}/000.mp4": VIDEO,
            f"{original}/003.mp4": VIDEO,
            f"{original}/009.mp4": VIDEO,
            f"{manipulated}/Deepfakes/c23/videos/000_003.mp4": VIDEO,
            f"{manipulated}/Deepfakes/masks/videos/000_003.mp4": VIDEO,
            "ff.zip": zipped({f"{manipulated}/FaceSwap/c40/videos/003_000.mp4": VIDEO}),
            "original_sequences/actors/c23/videos/01__walk.mp4": VIDEO,
            f"{manipulated}/DeepFakeDetection/c23/videos/01_02__walk__AB12.mp4": VIDEO,
            "splits/test.json": json.dumps([["000", "003"]]),
        },
    )
    items = media_in("faceforensics", tmp_path)
    fake = items["manipulated/Deepfakes/c23/000_003"]
    assert (fake.forged, fake.method, fake.original) == (True, "Deepfakes", "original/youtube/c23/000")

    # then persons that were swapped form one unit, and other persons have their own
    pair = "faceforensics/000_003"
    assert (fake.person, fake.source) == (pair, pair)
    assert items["manipulated/FaceSwap/c40/003_000"].person == pair
    assert items["original/youtube/c23/003"].person == pair
    assert items["original/youtube/c23/009"].person == "faceforensics/009"
    assert (fake.published, items["original/youtube/c23/009"].published) == ("test", "")

    # and actors are separate persons with named scenes
    actor = items["manipulated/DeepFakeDetection/c23/01_02__walk__AB12"]
    assert (actor.person, actor.source) == ("faceforensics/actor-01", "faceforensics/actor-02")
    assert actor.original == "original/actors/c23/01__walk"
    assert items[actor.original].person == "faceforensics/actor-01"


def test_celeb_df(tmp_path):
    write_files(
        tmp_path,
        {
            "Celeb-DF-v2/Celeb-real/id0_0000.mp4": VIDEO,
            "Celeb-DF-v2/YouTube_real/00170.mp4": VIDEO,
            "Celeb-DF-v2/Celeb-synthesis.zip": zipped({"id0_id16_0000.mp4": VIDEO, "odd.mp4": VIDEO}),
            "Celeb-DF-v2/List_of_testing_videos.txt": "1 YouTube-real/00170.mp4\n0 Celeb-synthesis/x.mp4\n",
            "intro.mp4": VIDEO,
        },
    )
    items = media_in("celeb-df", tmp_path)
    fake = items["celeb-synthesis/id0_id16_0000"]
    assert (fake.person, fake.source, fake.original) == (
        "celeb-df/id0",
        "celeb-df/id16",
        "celeb-real/id0_0000",
    )
    assert (items[fake.original].person, items[fake.original].forged) == ("celeb-df/id0", False)
    assert (items["youtube-real/00170"].published, fake.published) == ("test", "train")
    assert len(items) == 3
    assert sorted(skipped_in("celeb-df", tmp_path)) == [
        "Celeb-DF-v2/Celeb-synthesis.zip/odd.mp4",
        "intro.mp4",
    ]


def test_dfdc(tmp_path):
    labels = {
        "x.mp4": {"label": "FAKE", "split": "train", "original": "y.mp4"},
        "y.mp4": {"label": "REAL", "split": "train"},
    }
    part = {"part_0/metadata.json": json.dumps(labels), "part_0/x.mp4": VIDEO, "part_0/y.mp4": VIDEO}
    write_files(tmp_path, {"dfdc_train_part_00.zip": zipped(part), "test/z.mp4": VIDEO})
    items = media_in("dfdc", tmp_path)
    assert {name: (media.forged, media.original, media.person) for name, media in items.items()} == {
        "x.mp4": (True, "y.mp4", ""),
        "y.mp4": (False, "", ""),
    }
    assert list(skipped_in("dfdc", tmp_path)) == ["test/z.mp4"]


def test_dfdc_with_broken_labels(tmp_path):
    write_files(tmp_path, {"metadata.json": "{", "x.mp4": VIDEO})
    with pytest.raises(CollectionUnreadableError, match=r"metadata\.json is not valid JSON"):
        media_in("dfdc", tmp_path)


def test_plain_folders(tmp_path):
    write_files(
        tmp_path,
        {
            "mine/Real/a.JPG": b"x",
            "mine/fake/simswap/b.png": b"x",
            "mine/fake/c.mp4": VIDEO,
            "가짜.zip": zipped({"d.jpg": b"x"}),
            "notes/e.jpg": b"x",
        },
    )
    items = media_in("plain", tmp_path)
    assert {name: (media.forged, media.method, media.kind.value) for name, media in items.items()} == {
        "mine/Real/a.JPG": (False, "", "image"),
        "mine/fake/simswap/b.png": (True, "simswap", "image"),
        "mine/fake/c.mp4": (True, "unknown", "video"),
        "가짜.zip/d.jpg": (True, "unknown", "image"),
    }
    assert list(skipped_in("plain", tmp_path)) == ["notes/e.jpg"]


def test_plain_folders_with_exported_labels(tmp_path):
    # given the output of `fakeme export-labels`, and a picture that is no longer listed
    labels = "sha256,label,unit,file\na1,real,u7,real/a1.jpg\nb2,fake,u8,fake/b2.jpg\n"
    pictures = {"real/a1.jpg": b"x", "fake/b2.jpg": b"x", "real/c3.jpg": b"x"}
    write_files(tmp_path, {"labels.csv": labels, **pictures})

    # then listed files are media items with their units
    items = media_in("plain", tmp_path)
    assert {name: (media.person, media.forged) for name, media in items.items()} == {
        "real/a1.jpg": ("u7", False),
        "fake/b2.jpg": ("u8", True),
    }
    assert skipped_in("plain", tmp_path) == {"real/c3.jpg": "is not listed in labels.csv"}


def test_people_have_labelled_faces(tmp_path):
    people(tmp_path, {"1.jpg": ("p054", jpeg(1))})
    media = media_in("people", tmp_path)["1.jpg"]
    assert (media.person, media.framing) == ("p054", Framing.ALIGNED)
    assert media.face is not None
    assert media.face.box == (10.0, 10.0, 86.0, 86.0)
    assert media.face.landmarks[2] == (48.0, 50.0)


def test_faces_have_group_sex_and_age(tmp_path):
    table = "name,shard,age,gender,group,sha256\n1.jpg,faces-0.tar,40,female,asian,-\n"
    write_files(tmp_path, {"faces.csv": table, "faces-0.tar": tarred({"1.jpg": jpeg(1), "2.jpg": jpeg(2)})})
    media = media_in("faces", tmp_path)["1.jpg"]
    assert (media.person, media.group, media.sex, media.age, media.face) == ("", "asian", "female", 40, None)
    assert list(skipped_in("faces", tmp_path)) == ["faces-0.tar/2.jpg"]


@pytest.mark.parametrize(
    ("text", "sex"),
    [("남", "male"), ("여성", "female"), (" F ", "female"), ("Male", "male"), ("", ""), ("x", "")],
)
def test_sex(text, sex):
    assert sex_of(text) == sex


def test_a_source_without_media_of_the_layout_raises(tmp_path):
    write_files(tmp_path, {"a.mp4": VIDEO})
    with pytest.raises(
        SourceMissingError, match=r"no media of the layout dfdc .* for example a\.mp4: no label"
    ):
        plan(tmp_path, "dfdc")


def test_a_duplicate_video_is_skipped(tmp_path):
    write_files(tmp_path, {"a/r1.mp4": VIDEO, "b/r1.mp4": VIDEO, "원본.csv": KODF_REAL})
    collection = plan(tmp_path, "kodf")
    assert [media.entry.path for media in collection.media] == ["a/r1.mp4"]
    assert [file.path for file in collection.skipped] == ["b/r1.mp4"]
