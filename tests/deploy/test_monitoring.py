"""The alerts and the dashboard query metrics that Baton exports."""

import json
import re

import yaml
from prometheus_client import REGISTRY

import shared.base.telemetry
from tests.deploy.deployment_files import DEPLOY


def metric_names() -> set[str]:
    assert shared.base.telemetry.LAG
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {f"{family.name}{suffix}" for family in REGISTRY.collect() for suffix in suffixes.get(family.type, ("",))}


def test_every_alert_queries_a_metric_that_exists() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "baton.rules.yml").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert len(expressions) >= 6
    for expression in expressions:
        assert set(re.findall(r"baton_\w+", expression)) <= metric_names(), expression


def test_every_dashboard_panel_queries_a_metric_that_exists() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "baton.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) >= 6
    for expression in expressions:
        queried = set(re.findall(r"baton_\w+", expression))
        assert queried
        assert queried <= metric_names(), expression
