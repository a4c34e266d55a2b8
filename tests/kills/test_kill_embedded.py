"""`baton up` is killed at each failpoint and restarted: no lead or event is lost or repeated, and the audit balances."""

import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.reconciliation import reconcile
from shared.base.failpoints import POINTS
from tests.notifier.sinks import Mailbox, mail_server
from tests.parts.ports import free_ports
from tests.parts.supervised_process import SupervisedProcess
from tests.parts.waiting import wait_until
from tests.running_system import SECRET_KEYS, embedded_system, start, wait_until_ready
from tests.world import World

PEOPLE = ("ada", "bob", "cy", "di", "ed", "flo")
"""Ada's lead is posted to `/v1/leads` and her mail is answered; the others come by a webhook and get no answer."""
REACHED_PER_ANSWER = ("post_verified", "committed_before_page")
"""Failpoints reached once per answer; in these cases every mail is answered."""
REACHED_PER_BATCH = ("due_claimed", "due_committed")
"""Failpoints reached once per batch; in these cases leads are posted, and minutes pass, one at a time."""
LAST_MINUTE = 22
"""The minute at which every unanswered lead is breached and none is reassigned yet."""
KILLED_AT_THIRD_HIT = (
    "verified",
    "tx_committed_before_2xx",
    "published_before_mark",
    "tx_committed_before_offset",
    "after_250_before_mark",
)
"""The riskiest failpoints: the ordinary run kills them at their third hit too."""
CASES = [
    pytest.param(
        point,
        hit,
        marks=() if hit == 1 or (hit == 3 and point in KILLED_AT_THIRD_HIT) else pytest.mark.prove,
        id=f"{point}-{hit}",
    )
    for point in POINTS
    for hit in range(1, 6)
]


@pytest.fixture(scope="module")
def prepared_system(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A data directory with people, a live agreement and a sender's key, after a clean stop; and the keys."""
    import asyncio

    folder = tmp_path_factory.mktemp("prepared_system")

    async def prepare(site: Any) -> dict[str, str]:
        world = World(site)
        await world.open()
        await world.settle()
        admin = await world.post_json("router", "/v1/keys", {"name": "simulated-users", "roles": ["admin"]})
        endpoint = await world.post_json(
            "router", "/v1/endpoints", {"source": "generic", "scheme": "bearer", "name": "form"}
        )
        keys = {
            "path": f"/webhooks/{endpoint['id']}",
            "secret": f"Bearer {endpoint['secret']}",
            "sender": world.sender_headers["Authorization"],
            "admin": f"Bearer {admin['key']}",
            "now": (await world.now()).isoformat(),
        }
        await world.client.aclose()
        await world.anonymous.aclose()
        return keys

    with embedded_system(folder) as site:
        return folder, asyncio.run(prepare(site))


class SimulatedUsers:
    """Senders and reps who use the system before and after the kill, and repeat each request until it succeeds."""

    def __init__(
        self, url: str, keys: dict[str, str], box: Mailbox, answering: tuple[str, ...], batch_size: int
    ) -> None:
        self.url = url
        self.keys = keys
        self.mailbox = box
        self.answering = answering
        self.batch_size = batch_size
        self.minutes = 0
        self.leads: dict[str, str] = {}
        self.answered: set[str] = set()
        self.client = httpx.Client(timeout=10, trust_env=False)

    def act(self) -> None:
        """Post the missing leads, answer mails and advance the clock. Raises httpx.HTTPError when the system is down."""
        missing = [who for who in PEOPLE if who not in self.leads]
        for who in missing[: self.batch_size]:
            self._post(who)
        self._answer_mails()
        self._advance_clock()

    def _post(self, who: str) -> None:
        path, secret = ("/v1/leads", "sender") if who == "ada" else (self.keys["path"], "secret")
        headers = {"authorization": self.keys[secret], "idempotency-key": f"form-{who}"}
        lead = {"email": f"{who}@proseware.example", "name": who.title(), "activity": "demo request"}
        response = self.client.post(f"{self.url}{path}", json=lead, headers=headers)
        if response.status_code == 202:
            self.leads[who] = response.json()["leads"][0]

    def _answer_mails(self) -> None:
        for mail in list(self.mailbox.mails):
            who = next((who for who in self.answering if f"{who.title()} " in f"{mail['Subject']} "), "")
            if not who or who in self.answered or not str(mail["Subject"]).startswith("Hot lead"):
                continue
            link = re.search(r"/a/[^\s?]+", _text(mail))
            assert link
            response = self.client.post(f"{self.url}{link.group(0)}", data={"action": "accept"})
            if response.status_code in (200, 202):
                self.answered.add(who)

    def has_answered_all(self) -> bool:
        """Whether everybody in `answering` has answered."""
        return self.answered == set(self.answering)

    def _advance_clock(self) -> None:
        """Once all answers are given, advance the clock until the unanswered leads are breached."""
        if self.has_answered_all():
            self.minutes = min(self.minutes + self.batch_size, LAST_MINUTE)
        moment = datetime.fromisoformat(self.keys["now"]) + timedelta(minutes=self.minutes)
        body = {"base": moment.isoformat(), "rate": 0}
        self.client.post(f"{self.url}/v1/clock", json=body, headers={"authorization": self.keys["admin"]})

    def get(self, path: str) -> Any:
        """GET the JSON of a route with the admin's key."""
        response = self.client.get(f"{self.url}{path}", headers={"authorization": self.keys["admin"]})
        assert response.status_code == 200, response.text
        return response.json()

    def is_idle(self) -> bool:
        """Whether every backlog is empty."""
        rows = self.get("/v1/backlog")
        return not any(
            row["outbox"] or row["lag"] or row["overdue"] or row["due_soon"] or row["extra"].get("notices_unsent")
            for row in rows
        )


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""


@contextmanager
def running(folder: Path, port: int, box: Mailbox, launcher: list[str]) -> Iterator[SupervisedProcess]:
    environment = {
        "BATON_DATA_DIR": str(folder),
        "BATON_PORT": str(port),
        "BATON_CLOCK": "row",
        "BATON_SETTLE": "100ms",
        "BATON_SECRET_KEYS": SECRET_KEYS,
        "BATON_SMTP_HOST": "127.0.0.1",
        "BATON_SMTP_PORT": str(box.port),
        "BATON_LOG_LEVEL": "warning",
    }
    process = start([*launcher, "up"], environment, folder / "stderr.log")
    try:
        yield process
    finally:
        process.stop()


def _use_until_killed(process: SupervisedProcess, users: SimulatedUsers, message: str) -> None:
    """Act as the users until the process has died."""

    def killed() -> bool:
        with suppress(httpx.HTTPError, AssertionError):
            users.act()
        return process.ended

    wait_until(killed, lambda: message)


@pytest.mark.parametrize(("point", "hit"), CASES)
def test_baton_up_killed_at_a_failpoint_loses_no_lead_and_repeats_no_event(
    point: str, hit: int, prepared_system: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    prepared, keys = prepared_system
    folder = tmp_path / "data"
    shutil.copytree(prepared, folder, ignore=shutil.ignore_patterns("run.json", "lock", "stderr.log"))
    (port,) = free_ports(1)
    launcher = [sys.executable, "-m", "tests.kills.kill_at_failpoint", point, str(hit)]
    with mail_server() as box:
        answering = PEOPLE if point in REACHED_PER_ANSWER else PEOPLE[:1]
        batch_size = 1 if point in REACHED_PER_BATCH else LAST_MINUTE
        users = SimulatedUsers(f"http://127.0.0.1:{port}", keys, box, answering, batch_size)
        with running(folder, port, box, launcher) as process:
            _use_until_killed(process, users, f"{point} was not reached {hit} times")
        with running(folder, port, box, []) as process:
            wait_until_ready(users.url, process)
            _use_until_idle(users)
            _check_leads(users, box)


def _use_until_idle(users: SimulatedUsers) -> None:
    """Act as the users until all they want is done and the system is idle."""
    idle_rounds = 0

    def done() -> bool:
        nonlocal idle_rounds
        users.act()
        answered = len(users.leads) == len(PEOPLE) and users.has_answered_all() and users.minutes == LAST_MINUTE
        idle_rounds = idle_rounds + 1 if answered and users.is_idle() else 0
        return idle_rounds >= 3

    wait_until(done, lambda: f"{users.leads} {users.answered} {users.get('/v1/backlog')}")


def _check_leads(users: SimulatedUsers, box: Mailbox) -> None:
    assert reconcile(users.get("/v1/audit")).problems == ()
    for who, lead in users.leads.items():
        row = users.get(f"/v1/leads/{lead}")
        assert row["id"] == lead
        assert row["state"] == ("accepted" if who in users.answering else "assigned")
        event_types = [line["type"] for line in users.get(f"/v1/leads/{lead}/timeline")]
        assert event_types.count("baton.lead.received.v1") == 1
        assert event_types.count("baton.lead.assigned.v1") == 1
        assert event_types.count("baton.lead.accepted.v1") == (1 if who in users.answering else 0)
        breach_events = Counter(
            item["type"] for item in users.get("/v1/breaches?limit=1000")["breaches"] if item["lead"] == lead
        )
        breached = 0 if who in users.answering else 1
        assert (breach_events["baton.sla.breached.v1"], breach_events["baton.sla.escalated.v1"]) == (breached, breached)
    leads = users.get("/v1/leads?limit=100")["leads"]
    assert sorted(row["id"] for row in leads) == sorted(users.leads.values())
    _check_mails(box)


def _check_mails(box: Mailbox) -> None:
    """Check that each mail came once; one in flight at the kill may come twice, under the same Message-ID."""
    times = Counter(str(mail["Message-ID"]) for mail in box.mails)
    assert max(times.values()) <= 2
    assert sum(count - 1 for count in times.values()) <= len(PEOPLE)
    ids: dict[tuple[str, str], set[str]] = {}
    for mail in box.mails:
        ids.setdefault((str(mail["To"]), str(mail["Subject"])), set()).add(str(mail["Message-ID"]))
    assert all(len(message_ids) == 1 for message_ids in ids.values()), ids
    assert len([key for key in ids if key[1].startswith("Hot lead")]) == len(PEOPLE)
