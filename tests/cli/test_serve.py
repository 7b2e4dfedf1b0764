"""`fieldstone serve`: what it prints, what it refuses, how it stops, several workers, and starting again after a change."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.servers import COMMAND, free_port, sign_in, started, wait_until_ready

WORLD = Path(__file__).parents[1] / "surfaces" / "world"
MIA = ("mia@world.example", "fieldstone-world")
SECONDS = 30.0


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    shutil.copytree(WORLD, folder)
    return folder


def _environment(**more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FIELDSTONE_")}
    return clean | more


def _refused(app: Path, *options: str, **environment: str) -> str:
    """Returns what the command says when it refuses to serve."""
    command = [str(COMMAND), "serve", str(app), "--port", str(free_port()), *options]
    done = subprocess.run(
        command, env=_environment(**environment), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def _waited(log: Path, text: str) -> str:
    """Returns the log once it holds a text."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if text in (found := log.read_text()):
            return found
        time.sleep(0.05)
    raise AssertionError(f"`{text}` is not in the log:\n{log.read_text()}")


@pytest.fixture
def port() -> int:
    return free_port()


def test_it_prints_where_it_serves_and_stops_when_told(app: Path, tmp_path: Path, port: int) -> None:
    log, url = tmp_path / "log", f"http://127.0.0.1:{port}"
    with started([str(COMMAND), "serve", str(app), "--port", str(port)], _environment(), log) as process:
        wait_until_ready(process, f"{url}/ready")
        printed = log.read_text()
        assert f"The desk, twice is served at {url}" in printed
        assert f"{url}/api/v1/docs" in printed
        assert f"{url}/partner/v2" in printed
        assert "mia@world.example with the password fieldstone-world" in printed
        headers = {"Authorization": f"Bearer {sign_in(url, *MIA)}"}
        answer = httpx.get(f"{url}/api/v1/data/ticket", headers=headers, trust_env=False)
        assert answer.status_code == 200
        assert "server" not in answer.headers
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert "route=/api/v1/data/{object} status=200" in log.read_text()
    assert (app / ".fieldstone" / "secret").stat().st_mode & 0o077 == 0


def test_production_logs_json_and_prints_no_sign_in(app: Path, tmp_path: Path, port: int) -> None:
    log, url = tmp_path / "log", f"http://127.0.0.1:{port}"
    environment = _environment(FIELDSTONE_ENV="production", FIELDSTONE_SECRET="s" * 40)
    with started([str(COMMAND), "serve", str(app), "--port", str(port)], environment, log) as process:
        wait_until_ready(process, f"{url}/ready")
        found = _waited(log, '"route":"/ready"')
    assert "fieldstone-world" not in found


def test_what_cannot_be_served_is_refused_with_the_way_out(app: Path) -> None:
    assert "workers cannot share a SQLite database" in _refused(app, "--workers", "2")
    assert "FIELDSTONE_SECRET" in _refused(app, FIELDSTONE_ENV="production")
    production = {"FIELDSTONE_ENV": "production", "FIELDSTONE_SECRET": "s" * 40}
    assert "--reload is for development" in _refused(app, "--reload", **production)
    assert "--reload serves with one worker" in _refused(
        app, "--reload", "--workers", "2", FIELDSTONE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"
    )


def test_faults_are_printed_as_check_does(app: Path) -> None:
    file = app / "people" / "exporter.permission.yaml"
    file.write_text(file.read_text().replace("label:", "lable:"))
    said = _refused(app)
    assert "exporter.permission.yaml:2:1 UNKNOWN_KEY" in said
    assert "`label`" in said


def test_a_port_that_is_taken_is_told(app: Path, tmp_path: Path, port: int) -> None:
    log = tmp_path / "log"
    with started([str(COMMAND), "serve", str(app), "--port", str(port)], _environment(), log) as process:
        wait_until_ready(process, f"http://127.0.0.1:{port}/ready")
        command = [str(COMMAND), "serve", str(app), "--port", str(port)]
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"Cannot listen at 127.0.0.1:{port}" in done.stderr


def _children(process_id: int) -> list[int]:
    text = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    names = {int(child): Path(f"/proc/{child}/cmdline").read_text() for child in text.split()}
    return [child for child, name in names.items() if "spawn_main" in name]


def _workers_heard(url: str) -> set[str]:
    """Returns the numbers of the workers that answer scrapes, asked until two are known."""
    heard: set[str] = set()
    deadline = time.monotonic() + 2 * SECONDS
    while len(heard) < 2 and time.monotonic() < deadline:
        heard |= set(re.findall(r'fieldstone_stopping{worker="(\d+)"} 0.0', httpx.get(url, trust_env=False).text))
    return heard


def test_several_workers_answer_on_postgresql_and_one_that_dies_is_replaced(
    app: Path, tmp_path: Path, port: int, postgres_url: str
) -> None:
    log, url = tmp_path / "log", f"http://127.0.0.1:{port}"
    command = [str(COMMAND), "serve", str(app), "--port", str(port), "--workers", "2"]
    with started(command, _environment(FIELDSTONE_DATABASE_URL=postgres_url), log) as process:
        wait_until_ready(process, f"{url}/ready")
        headers = {"Authorization": f"Bearer {sign_in(url, *MIA)}"}
        first = set(_children(process.pid))
        assert len(first) == 2
        os.kill(min(first), signal.SIGKILL)
        deadline = time.monotonic() + SECONDS
        while len(set(_children(process.pid)) - {min(first)}) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(_children(process.pid)) == 2
        for _ in range(20):
            assert httpx.get(f"{url}/api/v1/data/ticket", headers=headers, trust_env=False).status_code == 200
        assert _workers_heard(f"{url}/metrics") == {"1", "2"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert log.read_text().count("seeded") == 1


def test_a_change_is_served_at_once_and_a_faulty_one_leaves_the_old_running(
    app: Path, tmp_path: Path, port: int
) -> None:
    log, url = tmp_path / "log", f"http://127.0.0.1:{port}"
    file = app / "partner" / "partner.api.yaml"
    with started([str(COMMAND), "serve", str(app), "--port", str(port), "--reload"], _environment(), log) as process:
        wait_until_ready(process, f"{url}/ready")
        time.sleep(1)
        text = file.read_text()
        file.write_text(text.replace("envelope: data", "envelope: dato"))
        _waited(log, "What was there before is still served.")
        assert "UNKNOWN_PART `dato` is not in the table `envelopes`." in log.read_text()
        assert httpx.get(f"{url}/partner/v2/tickets", trust_env=False).status_code == 401
        file.write_text(text.replace("/partner/v2", "/partner/v3"))
        _waited(log, "Reloaded: api partner.")
        deadline = time.monotonic() + SECONDS
        status = 404
        while status == 404 and time.monotonic() < deadline:
            status = httpx.get(f"{url}/partner/v3/tickets", trust_env=False, timeout=SECONDS).status_code
        assert status == 401
        assert httpx.get(f"{url}/partner/v2/tickets", trust_env=False).status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
