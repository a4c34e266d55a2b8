"""The story of the night shift: the tools answer against the running system, whatever its width."""

from pathlib import Path

import orjson

from tests.world import AGREEMENT, World


async def test_the_tools_of_ops_find_everything_well(world: World) -> None:
    lead = await world.hot_lead("Tool")
    code, printed = world.system.baton("audit")
    assert (code, "Everything adds up." in printed) == (0, True), printed
    code, printed = world.system.baton("doctor")
    assert (code, "Everything can be reached." in printed) == (0, True), printed
    code, printed = world.system.baton("agreement", "history", "--json")
    assert code == 0
    assert orjson.loads(printed.splitlines()[0])["state"] == "live"
    code, printed = world.system.baton("deadline", "--lead", lead)
    assert code == 0
    assert "after 15 minutes of business time" in printed
    code, printed = world.system.baton("endpoints", "create", "standard", "--name", world.tag)
    assert code == 0
    assert "whsec_" in printed
    assert world.tag in world.system.baton("endpoints", "list")[1]


async def test_to_publish_a_live_agreement_again_changes_nothing(world: World, tmp_path: Path) -> None:
    file = tmp_path / "agreement.yaml"
    await world.open()
    file.write_text(AGREEMENT.format(tag=world.tag, hot="15 minutes"))
    before = (await world.client.get(f"{world.url('router')}/v1/agreements")).json()
    code, printed = world.system.baton("agreement", "publish", str(file))
    assert (code, "is live" in printed) == (0, True), printed
    code, printed = world.system.baton("agreement", "sign", str(file), "--key", "nobody's")
    assert (code != 0, "not known" in printed) == (True, True), printed
    assert (await world.client.get(f"{world.url('router')}/v1/agreements")).json() == before


async def test_every_process_tells_its_health_and_its_figures(world: World) -> None:
    await world.hot_lead("Figure")
    for urls in world.system.urls.values():
        for url in urls:
            assert (await world.client.get(f"{url}/healthz")).json() == {"status": "alive"}
            assert (await world.client.get(f"{url}/readyz")).status_code == 200
            figures = (await world.client.get(f"{url}/metrics")).text
            for name in ("baton_consumer_lag", "baton_outbox_rows", "baton_outbox_age_seconds", "baton_due_rows_late"):
                assert name in figures
    figures = [(await world.client.get(f"{url}/metrics")).text for url in world.system.urls["router"]]
    assert 'baton_webhooks_received_total{answer="202",source="api"}' in "".join(figures)
    assert 'baton_events_said_total{service="router",type="baton.lead.assigned.v1"}' in "".join(figures)
