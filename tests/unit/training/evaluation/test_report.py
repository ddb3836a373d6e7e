"""A report of two made-up models: what it says, what it shows, and what it keeps to itself."""

import json
import re
from dataclasses import replace

import pytest

from tests.unit.training.evaluation.made_up import SKILL, card
from training.evaluation.aggregation import compare_face_rules, compare_frame_rules
from training.evaluation.bootstrap import RESAMPLES
from training.evaluation.examples import Example
from training.evaluation.report import interval, number, percent, write
from training.evaluation.result import Result, Sample, measure


@pytest.fixture(scope="module")
def result(answers, filmed) -> Result:
    choices = {
        "Score of a video from its frames": compare_frame_rules(filmed, "good 1.0", 0.8),
        "Score of a video from two faces": compare_face_rules(filmed, "good 1.0", 0.8),
    }
    models = [measure(answers, filmed, name, card(name), choices) for name in SKILL]
    sample = Sample(60, 60, {"faces": 60}, len(answers), 40, 0, RESAMPLES)
    return Result("2026-01-02T03:04:05+00:00", sample, models)


@pytest.fixture(scope="module")
def report(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write(result, folder)
    return folder


def test_page_holds_everything_and_asks_for_nothing(report):
    page = (report / "index.html").read_text()
    assert page.count("<svg") == 7
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)  # nothing is loaded
    assert "<script" not in page


def test_both_models_stand_in_every_table(report, result):
    page = (report / "index.html").read_text()
    for title in ("What it must reach", "Ways of forging", "Groups of people", "Frames and videos"):
        section = page[page.index(f"{title}</h2>") :].split("<h2")[0]
        assert all(model.name in section for model in result.models)
    assert f"{result.models[0].headlines['unseen'].measures['AUC'].value:.3f}" in page


def test_bars_are_called_what_they_are(report, result):
    page = (report / "index.html").read_text()
    bars = [bar for model in result.models for bar in model.bars]
    assert page.count('class="short"') == sum(bar.passed is False for bar in bars) > 0
    assert page.count('class="pass"') == sum(bar.passed is True for bar in bars) > 0


def test_numbers_are_told_to_machines(report, result):
    told = json.loads((report / "report.json").read_text())
    assert told["sample"]["photographs"] == 60
    assert [model["name"] for model in told["models"]] == list(SKILL)
    auc = told["models"][0]["headlines"]["unseen"]["measures"]["AUC"]
    assert auc["low"] <= auc["value"] <= auc["high"] <= 1


def test_what_could_not_be_measured_is_null():
    bar = {"value": float("nan"), "low": [float("inf")]}
    sample = replace(Sample(1, 1, {}, 1, 1, 0, 1), collections=bar)
    assert json.loads(Result("", sample, []).document())["sample"]["collections"] == {
        "value": None,
        "low": [None],
    }


def test_faces_are_shown_only_where_asked_for(report, result, tmp_path):
    class Shown:
        def of(self, model, *, forged):
            return [Example("QUJD", 0.99, "swap, none")]

    assert "data:image/jpeg" not in (report / "index.html").read_text()
    page = write(result, tmp_path, Shown())[0].read_text()
    assert page.count('src="data:image/jpeg;base64,QUJD"') == 4  # two kinds, two models
    assert "must not be published" in page


def test_a_model_alone_has_a_page(result, tmp_path):
    alone = replace(result, models=[replace(result.models[0], groups=[], choices={})])
    page = write(alone, tmp_path)[0].read_text()
    assert "The data do not say to which groups" in page
    assert "Choices measured" not in page


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "0.0 %"), (0.0042, "0.42 %"), (0.5, "50.0 %"), (float("nan"), "–")]
)
def test_small_shares_keep_their_digits(value, shown):
    assert percent(value) == shown


def test_an_interval_is_shown_in_the_unit_of_its_measure(result):
    found = replace(result.models[0].headlines["unseen"].measures["AUC"], value=0.5, low=0.4, high=0.6)
    assert interval(found) == "0.400 to 0.600"
    assert interval(found, "percent") == "40.0 to 60.0 %"
    assert interval(replace(found, low=0.6)) == ""
    assert number(float("nan")) == "–"
