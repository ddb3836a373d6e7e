"""Prometheus, its alerts and the dashboard use only metrics that the workers export."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import pipeline.consumers.detection.evidence_uploads  # importing these registers all metrics
import pipeline.consumers.detection.known_media_follower
import pipeline.producers.gateway.request_log
import pipeline.producers.gateway.verify_page.metrics
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
    """Return the names of all series of FakeME's metrics."""
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
    return {
        metric.name + suffix
        for metric in REGISTRY.collect()
        if metric.name.startswith("fakeme_")
        for suffix in suffixes[metric.type]
    }


def labels_of(series: str) -> set[str]:
    """Return the labels of one of FakeME's metrics."""
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
def test_expression_uses_existing_metrics_and_labels(where: str, expression: str) -> None:
    for series, selector in re.findall(r"\b(fakeme_\w+)(?:\{([^}]*)\})?", expression):
        assert series in known_series(), f"{where} uses {series}"
        selected = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", selector))
        assert selected <= labels_of(series) | {"job", "service", "instance"}, (
            f"{where} selects {series} by {selected}"
        )


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_expression_aggregates_by_existing_labels(where: str, expression: str) -> None:
    series = re.findall(r"\bfakeme_\w+", expression)
    grouped = {
        name.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(",")
    }

    assert grouped <= {label for name in series for label in labels_of(name)}, where


def test_every_metric_is_used_in_an_alert_or_panel() -> None:
    used = {series for _, expression in EXPRESSIONS for series in re.findall(r"\bfakeme_\w+", expression)}
    exported = {re.sub(r"_(bucket|sum|count)$", "", series) for series in known_series()}

    assert exported - {re.sub(r"_(bucket|sum|count)$", "", series) for series in used} == set()


def test_prometheus_scrapes_every_worker() -> None:
    [job] = [job for job in PROMETHEUS["scrape_configs"] if job["job_name"] == "fakeme"]
    [discovery] = job["dns_sd_configs"]

    assert set(discovery["names"]) == set(WORKERS)
    assert set(WORKERS) <= set(services())
    assert {services()[name]["environment"]["FAKEME_HEALTH_PORT"] for name in WORKERS} == {
        str(discovery["port"])
    }
    assert PROMETHEUS["rule_files"] == ["alerts.yml"]


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_alert_has_severity_summary_and_action(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary", "action"}


def test_panels_have_unique_ids_and_titles_and_do_not_overlap() -> None:
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


def test_dashboard_uses_the_provisioned_data_source() -> None:
    provisioned = yaml.safe_load(
        (ROOT / "infra/grafana/provisioning/datasources/prometheus.yml").read_text("utf-8")
    )
    [source] = provisioned["datasources"]

    assert {panel["datasource"]["uid"] for panel in PANELS} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
