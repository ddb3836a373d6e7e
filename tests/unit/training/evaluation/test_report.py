"""The report of two synthetic models: page, figures and JSON."""

import json
import re
from dataclasses import replace

import pytest

from tests.unit.training.evaluation.synthetic import SKILL, card
from training.evaluation.aggregation import compare_face_rules, compare_frame_rules
from training.evaluation.bootstrap import RESAMPLES
from training.evaluation.examples import Example
from training.evaluation.report import interval, number, percent, write
from training.evaluation.result import Result, Sample, measure_model


@pytest.fixture(scope="module")
def result(predictions, clip_scores) -> Result:
    choices = {
        "Score of a video from its frames": compare_frame_rules(clip_scores, "good 1.0", 0.8),
        "Score of a video from two faces": compare_face_rules(clip_scores, "good 1.0", 0.8),
    }
    models = [measure_model(predictions, clip_scores, name, card(name), choices) for name in SKILL]
    sample = Sample(60, 60, {"faces": 60}, len(predictions), 40, 0, RESAMPLES)
    return Result("2026-01-02T03:04:05+00:00", sample, models)


@pytest.fixture(scope="module")
def report(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write(result, folder)
    return folder


def test_page_is_self_contained(report):
    page = (report / "index.html").read_text()
    assert page.count("<svg") == 7
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)  # nothing is loaded
    assert "<script" not in page


def test_every_table_shows_both_models(report, result):
    page = (report / "index.html").read_text()
    for title in ("Requirements", "Forgery methods", "Groups of people", "Frames and videos"):
        section = page[page.index(f"{title}</h2>") :].split("<h2")[0]
        assert all(model.name in section for model in result.models)
    assert f"{result.models[0].headlines['unseen'].measures['AUC'].value:.3f}" in page


def test_requirements_are_marked_as_passed_or_failed(report, result):
    page = (report / "index.html").read_text()
    requirements = [requirement for model in result.models for requirement in model.bars]
    assert page.count('class="fail"') == sum(requirement.passed is False for requirement in requirements) > 0
    assert page.count('class="pass"') == sum(requirement.passed is True for requirement in requirements) > 0


def test_json_contains_the_numbers(report, result):
    document = json.loads((report / "report.json").read_text())
    assert document["sample"]["photographs"] == 60
    assert [model["name"] for model in document["models"]] == list(SKILL)
    auc = document["models"][0]["headlines"]["unseen"]["measures"]["AUC"]
    assert auc["low"] <= auc["value"] <= auc["high"] <= 1


def test_unmeasured_values_are_null():
    unmeasured = {"value": float("nan"), "low": [float("inf")]}
    sample = replace(Sample(1, 1, {}, 1, 1, 0, 1), collections=unmeasured)
    assert json.loads(Result("", sample, []).document())["sample"]["collections"] == {
        "value": None,
        "low": [None],
    }


def test_faces_are_shown_only_on_request(report, result, tmp_path):
    class SyntheticGallery:
        def worst(self, model, *, forged):
            return [Example("QUJD", 0.99, "swap, none")]

    assert "data:image/jpeg" not in (report / "index.html").read_text()
    page = write(result, tmp_path, SyntheticGallery())[0].read_text()
    assert page.count('src="data:image/jpeg;base64,QUJD"') == 4  # two classes, two models
    assert "must not be published" in page


def test_page_of_a_single_model(result, tmp_path):
    single = replace(result, models=[replace(result.models[0], groups=[], choices={})])
    page = write(single, tmp_path)[0].read_text()
    assert "the data set has no group labels" in page
    assert "Decision rules" not in page


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.0 %"), (0.0042, "0.42 %"), (0.5, "50.0 %"), (float("nan"), "–")]
)
def test_small_shares_have_more_decimals(value, text):
    assert percent(value) == text


def test_interval_is_shown_in_the_given_unit(result):
    estimate = replace(result.models[0].headlines["unseen"].measures["AUC"], value=0.5, low=0.4, high=0.6)
    assert interval(estimate) == "0.400 to 0.600"
    assert interval(estimate, "percent") == "40.0 to 60.0 %"
    assert interval(replace(estimate, low=0.6)) == ""
    assert number(float("nan")) == "–"
