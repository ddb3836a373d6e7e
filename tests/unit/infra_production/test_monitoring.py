"""Prometheus, its alerts and the dashboard ask only for what the workers tell."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import pipeline.producers.gateway.request_log  # importing these three registers all metrics
import pipeline.producers.outbox_relay.relay
import pipeline.runtime.metrics  # noqa: F401
from pipeline.workers import WORKERS
from tests.unit.infra_production.compose import ROOT, services

PROMETHEUS = yaml.safe_load((ROOT / "infra/prometheus/prometheus.yml").read_text("utf-8"))
ALERTS = [
    rule
    for group in yaml.safe_load((ROOT / "infra/prometheus/alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((ROOT / "infra/grafana/dashboards/fakeme.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def known_series() -> set[str]:
    """Every name under which a metric of ours is stored."""
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
    return {
        metric.name + suffix
        for metric in REGISTRY.collect()
        if metric.name.startswith("fakeme_")
        for suffix in suffixes[metric.type]
    }


def labels_of(series: str) -> set[str]:
    """The labels of a metric of ours."""
    name = re.sub(r"_(bucket|sum|count|total)$", "", series)
    for collector in set(REGISTRY._collector_to_names):
        if getattr(collector, "_name", None) == name:
            return set(collector._labelnames) | ({"le"} if series.endswith("_bucket") else set())
    return set()


def expressions() -> Iterator[tuple[str, str]]:
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


EXPRESSIONS = list(expressions())


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_expression_asks_for_metrics_and_labels_that_exist(where: str, expression: str) -> None:
    for series, selector in re.findall(r"\b(fakeme_\w+)(?:\{([^}]*)\})?", expression):
        assert series in known_series(), f"{where} asks for {series}"
        asked = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", selector))
        assert asked <= labels_of(series) | {"job", "service", "instance"}, (
            f"{where} asks {series} by {asked}"
        )


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_expression_sums_over_labels_that_exist(where: str, expression: str) -> None:
    series = re.findall(r"\bfakeme_\w+", expression)
    grouped = {
        name.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(",")
    }

    assert grouped <= {label for one in series for label in labels_of(one)}, where


def test_every_metric_of_the_workers_is_looked_at() -> None:
    asked = {series for _, expression in EXPRESSIONS for series in re.findall(r"\bfakeme_\w+", expression)}
    told = {re.sub(r"_(bucket|sum|count)$", "", series) for series in known_series()}

    assert told - {re.sub(r"_(bucket|sum|count)$", "", series) for series in asked} == set()


def test_prometheus_asks_every_worker_where_it_listens() -> None:
    [job] = [job for job in PROMETHEUS["scrape_configs"] if job["job_name"] == "fakeme"]
    [asked] = job["dns_sd_configs"]

    assert set(asked["names"]) == set(WORKERS)
    assert set(WORKERS) <= set(services())
    assert {services()[name]["environment"]["FAKEME_HEALTH_PORT"] for name in WORKERS} == {str(asked["port"])}
    assert PROMETHEUS["rule_files"] == ["alerts.yml"]


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary", "action"}


def test_panels_have_ids_titles_and_words_of_their_own_and_do_not_overlap() -> None:
    cells = [
        (x, y)
        for panel in PANELS
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len({panel["id"] for panel in PANELS}) == len({panel["title"] for panel in PANELS}) == len(PANELS)
    assert all(panel["description"] for panel in PANELS)
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_dashboard_reads_the_provisioned_source() -> None:
    provisioned = yaml.safe_load(
        (ROOT / "infra/grafana/provisioning/datasources/prometheus.yml").read_text("utf-8")
    )
    [source] = provisioned["datasources"]

    assert {panel["datasource"]["uid"] for panel in PANELS} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
