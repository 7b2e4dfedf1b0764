"""Two workers on PostgreSQL: what is taken away through one is gone at both with the next request, while others' rights change, too."""

from pathlib import Path

import httpx

from bench.revocations import MIX, prove_revocations
from bench.server import APP
from tests.databases import PostgresServer
from tests.servers import ADMIN_EMAIL, running_server, sign_in

REVOCATIONS = 120


def test_no_answer_is_stale_after_a_mix_of_revocations(postgres: PostgresServer, tmp_path: Path) -> None:
    with (
        postgres.fresh_database() as url,
        running_server(APP, database_url=url, folder=tmp_path, workers=2) as server,
    ):
        admin = sign_in(server.url, ADMIN_EMAIL, server.admin_password)
        proof = prove_revocations(server.process_id, httpx.URL(server.url).port or 0, admin, REVOCATIONS)
    assert proof.stale == []
    assert proof.done.keys() == {give.__name__ for give in MIX}
    assert sum(proof.done.values()) == REVOCATIONS
