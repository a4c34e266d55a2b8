"""People over HTTP: what cannot be right is refused, what may be a mistake is warned of."""

from typing import Any

import httpx
import pytest

from tests.service_harness import ServiceHarness


@pytest.mark.parametrize(
    ("reps", "message"),
    [
        ([{"email": "notmail"}], "'notmail' is no email address"),
        ([{"roles": ["king"]}], "'king' is not a role"),
        ([{"timezone": "Europe/Berlinn"}], "did you mean Europe/Berlin?"),
        ([{"hours": "mon-fri 25-17"}], "zoe: "),
        ([{}, {}], "'zoe' is named twice"),
        ([{"id": " "}], "is no id"),
        ([{"away": [{"start": "2026-12-02T00:00Z", "until": "2026-12-01T00:00Z"}]}], "must end after it begins"),
    ],
)
async def test_a_person_who_cannot_be_right_is_refused(
    reps: list[dict[str, Any]], message: str, router: ServiceHarness, admin: httpx.AsyncClient
) -> None:
    before = (await admin.get("/v1/reps")).json()
    answer = await admin.post("/v1/reps", json={"reps": [{"id": "zoe", "name": "Zoe", **rep} for rep in reps]})
    assert (answer.status_code, message in answer.json()["detail"]) == (400, True), answer.text
    assert (await admin.get("/v1/reps")).json() == before


async def test_time_off_without_an_offset_is_refused(admin: httpx.AsyncClient, router: ServiceHarness) -> None:
    away = [{"start": "2026-12-01T00:00", "until": "2026-12-02T00:00"}]
    answer = await admin.post("/v1/reps", json={"reps": [{"id": "zoe", "name": "Zoe", "away": away}]})
    assert answer.status_code == 422


async def test_a_manager_who_is_not_in_the_roster_is_warned_of(
    admin: httpx.AsyncClient, router: ServiceHarness
) -> None:
    answer = await admin.post("/v1/reps", json={"reps": [{"id": "zoe", "name": "Zoe", "manager": "nobody"}]})
    assert answer.json()["warnings"] == ["zoe: there is nobody 'nobody' in the roster, named as their manager."]


async def test_the_change_log_names_who_changed_keys(admin: httpx.AsyncClient, router: ServiceHarness) -> None:
    created = (await admin.post("/v1/keys", json={"name": "forms", "roles": ["intake"]})).json()
    await admin.post(f"/v1/keys/{created['id']}/revoke")
    page = (await admin.get("/v1/changes?limit=2")).json()
    assert [(row["what"], row["which"], row["by"]) for row in page["changes"]] == [("key", created["id"], "local")] * 2
    assert page["changes"][0]["after"] == {"revoked": True}
    older = (await admin.get(f"/v1/changes?cursor={page['next']}")).json()
    assert created["id"] not in [row["which"] for row in older["changes"]]


async def test_the_openapi_document_needs_a_key_for_strangers(admin: httpx.AsyncClient, router: ServiceHarness) -> None:
    assert "/v1/leads" in (await admin.get("/openapi.json")).json()["paths"]
    stranger = await admin.get("/openapi.json", headers={"host": "leads.example"})
    assert stranger.status_code == 401
