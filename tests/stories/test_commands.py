"""Stories of operations: `baton` commands against a running system, in either form."""

from pathlib import Path

import orjson

from tests.world import AGREEMENT, World


async def test_audit_doctor_and_deadline_report_a_healthy_system(world: World) -> None:
    lead = await world.hot_lead("Tool")
    code, output = world.system.baton("audit")
    assert (code, "Everything adds up." in output) == (0, True), output
    code, output = world.system.baton("doctor")
    assert (code, "Everything can be reached." in output) == (0, True), output
    code, output = world.system.baton("agreement", "history", "--json")
    assert code == 0
    assert orjson.loads(output.splitlines()[0])["state"] == "live"
    code, output = world.system.baton("deadline", "--lead", lead)
    assert code == 0
    assert "after 15 minutes of business time" in output
    code, output = world.system.baton("endpoints", "create", "standard", "--name", world.tag)
    assert code == 0
    assert "whsec_" in output
    assert world.tag in world.system.baton("endpoints", "list")[1]


async def test_publishing_a_live_agreement_again_changes_nothing(world: World, tmp_path: Path) -> None:
    file = tmp_path / "agreement.yaml"
    await world.open()
    file.write_text(AGREEMENT.format(tag=world.tag, hot="15 minutes"))
    before = (await world.client.get(f"{world.url('router')}/v1/agreements")).json()
    code, output = world.system.baton("agreement", "publish", str(file))
    assert (code, "is live" in output) == (0, True), output
    code, output = world.system.baton("agreement", "sign", str(file), "--key", "nobody's")
    assert (code != 0, "not known" in output) == (True, True), output
    assert (await world.client.get(f"{world.url('router')}/v1/agreements")).json() == before


async def test_every_process_serves_health_and_metrics(world: World) -> None:
    await world.hot_lead("Metric")
    for urls in world.system.urls.values():
        for url in urls:
            assert (await world.client.get(f"{url}/healthz")).json() == {"status": "alive"}
            assert (await world.client.get(f"{url}/readyz")).status_code == 200
            metrics = (await world.client.get(f"{url}/metrics")).text
            for name in (
                "baton_consumer_lag",
                "baton_outbox_rows",
                "baton_outbox_age_seconds",
                "baton_scheduled_items_overdue",
            ):
                assert name in metrics
    metrics = [(await world.client.get(f"{url}/metrics")).text for url in world.system.urls["router"]]
    assert 'baton_webhooks_received_total{answer="202",source="api"}' in "".join(metrics)
    assert 'baton_events_emitted_total{service="router",type="baton.lead.assigned.v1"}' in "".join(metrics)
