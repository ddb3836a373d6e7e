"""The posts of the demo have the expected results, decided by whom they should be."""

import pytest

from pipeline.demo.run import play
from pipeline.demo.scenario import SCENES
from pipeline.demo.view import document
from schemas.verdicts import Label, TriggerKind
from tests.e2e.conftest import System

pytestmark = pytest.mark.timeout(420)

DECIDED_BEFORE_THE_MODEL = {"known": "known_media", "signed": "credentials", "marked": "watermark"}


def test_every_post_of_the_demo_has_the_expected_result(system: System) -> None:
    board = play(system.settings, lambda board: None)

    rows = {row.scene.name: row for row in board.rows.values()}
    assert rows.keys() | board.left_out.keys() == {scene.name for scene in SCENES}
    assert board.as_expected, document(board, 0.0)
    assert rows["reported"].verdicts.keys() == {TriggerKind.CREATED, TriggerKind.REPORTED}
    assert rows["reported"].case is not None
    for row in rows.values():
        assert row.verdict is not None
        assert (row.tag == "#Deepfake") == (row.verdict.label is Label.DEEPFAKE)
    repost, original = rows["repost"].verdict, rows["swapped"].verdict
    assert repost is not None
    assert original is not None
    assert repost.score == original.score


def test_signals_decide_in_every_run_without_the_model(system: System) -> None:
    board = play(system.settings, lambda board: None)  # on the data of the run before

    assert board.as_expected, document(board, 0.0)
    if system.settings.watermark.key is not None:  # external services have no keys of their own
        assert board.left_out == {}
    rows = {row.scene.name: row for row in board.rows.values()}
    decided = {name: rows[name] for name in DECIDED_BEFORE_THE_MODEL.keys() & rows.keys()}
    for name, row in decided.items():
        assert row.verdict is not None
        found = row.verdict.media[0].signals
        assert [(each.signal, each.decisive) for each in found] == [(DECIDED_BEFORE_THE_MODEL[name], True)]
        assert (row.verdict.label, row.verdict.score) == (Label.DEEPFAKE, None)
    assert "Stable Diffusion" in rows["traces"].findings["metadata"]
