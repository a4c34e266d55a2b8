"""Tests of access to the console: on loopback without a key, elsewhere with a key that has a reading role."""

import httpx
import pytest

from shared.access.keys import create_key, revoke_key
from tests.console.http_client import build_console_app, read_stream
from tests.console.samples import LEAD, assigned
from tests.service_harness import ServiceHarness


@pytest.mark.parametrize(
    ("loopback", "host"), [(False, "localhost:8080"), (True, "evil.example"), (False, "baton.example")]
)
async def test_the_console_requires_a_key_on_any_address_but_loopback(
    console: ServiceHarness, loopback: bool, host: str
) -> None:
    _, key = await create_key(console.resources.access, "ines", ["manager"], None, "test")
    _, weak = await create_key(console.resources.access, "forms", ["intake"], None, "test")
    transport = httpx.ASGITransport(build_console_app(console, loopback=loopback))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        for path, location in (("/", "/sign-in"), (f"/leads/{LEAD}", f"/sign-in?to=/leads/{LEAD}")):
            response = await client.get(path)
            assert (response.status_code, response.headers["location"]) == (303, location)
        assert (await client.get("/board/stream")).status_code == 401
        for wrong_key in ("", "baton_wrong", weak):
            response = await client.post("/sign-in", data={"key": wrong_key})
            assert response.status_code == 401
            assert "set-cookie" not in response.headers
        response = await client.post("/sign-in", data={"key": key})
        assert response.status_code == 303
        cookie = response.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await client.get("/")).status_code == 200
        foreign = {"origin": "http://elsewhere.example", "sec-fetch-site": "cross-site"}
        assert (await client.get("/board/stream", headers=foreign)).status_code == 401
        await client.post("/sign-out")
        assert (await client.get("/")).status_code == 303


async def test_the_sign_in_returns_to_the_requested_page_and_never_to_another_site(console: ServiceHarness) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    _, key = await create_key(console.resources.access, "ines", ["manager"], None, "test")
    transport = httpx.ASGITransport(build_console_app(console, loopback=False))
    async with httpx.AsyncClient(transport=transport, base_url="https://baton.example") as client:
        sign_in = (await client.get(f"/leads/{LEAD}")).headers["location"]
        assert f'name="to" value="/leads/{LEAD}"' in (await client.get(sign_in)).text
        for to, location in (
            (f"/leads/{LEAD}", f"/leads/{LEAD}"),
            ("//elsewhere.example", "/"),
            ("https://elsewhere.example", "/"),
            ("/leads//elsewhere.example", "/"),
            ("/v1/keys", "/"),
        ):
            response = await client.post("/sign-in", data={"key": key, "to": to})
            assert response.headers["location"] == location
        cookie = response.headers["set-cookie"]
        assert cookie.startswith("__Host-baton=")
        assert "Secure" in cookie
        assert "Sign out ines" in (await client.get(f"/leads/{LEAD}")).text


async def test_a_stream_ends_when_its_key_is_revoked(console: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.console.api.stream.HEARTBEAT", 0.05)
    access = console.resources.access
    key_id, key = await create_key(access, "ines", ["manager"], None, "test")
    app = build_console_app(console, loopback=False)

    async def revoke() -> None:
        await revoke_key(access, key_id, "test")
        await access.load()

    stream = await read_stream(
        app, "/board/stream", "event: end", {"cookie": f"baton={key}"}, then=("event: time", revoke)
    )
    assert "sign in again" in stream
