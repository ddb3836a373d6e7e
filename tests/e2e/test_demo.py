"""The posts of the demo have the expected results."""

import pytest

from pipeline.demo.run import play
from pipeline.demo.scenario import SCENES
from pipeline.demo.view import document
from schemas.verdicts import Label, TriggerKind
from tests.e2e.conftest import System


@pytest.mark.timeout(240)
def test_every_post_of_the_demo_has_the_expected_result(system: System) -> None:
    board = play(system.settings, lambda board: None)

    rows = {row.scene.name: row for row in board.rows.values()}
    assert set(rows) == {scene.name for scene in SCENES}
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
