"""Ground habits: the log, the state of health, the settings."""

import logging
import os
import subprocess
import sys

import pytest
from django.core.files.storage import default_storage
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_an_address_cannot_forge_a_line_of_the_log(caplog):
    with caplog.at_level(logging.INFO, "cpts.request"):
        answer = Client().get("/%0A2026-01-01 INFO fausse ligne")
    (line,) = [record for record in caplog.records if record.name == "cpts.request"]
    assert "\n" not in line.getMessage()
    assert answer["X-Request-ID"]


def test_the_log_tells_neither_the_question_nor_who_asks(caplog):
    with caplog.at_level(logging.INFO, "cpts.request"):
        Client().get("/projets/?q=Docteur+Dupont")
    assert "Dupont" not in caplog.text


def test_health_is_told_to_everybody_and_leaves_nothing_behind():
    answer = Client().get("/healthz")
    assert answer.json() == {"database": True, "migrations": True, "storage": True}
    assert answer.status_code == 200
    assert default_storage.listdir("") == ([], [])


def test_a_storage_that_cannot_be_written_is_a_503(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "file"
    settings.MEDIA_ROOT.write_text("not a folder")
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()["storage"]) == (503, False)


def start(**environment: str) -> str:
    """What `manage.py check` says in this environment and no other."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    asked = subprocess.run(
        [sys.executable, "manage.py", "check"], capture_output=True, text=True, env={**kept, **environment}, check=False
    )
    return asked.stdout + asked.stderr


def test_nothing_starts_without_a_secret_key():
    said = start()
    assert "SECRET_KEY est absente" in said
    assert "Traceback" not in said


def test_a_database_address_that_is_none_is_said():
    assert "DATABASE_URL ne se lit pas" in start(SECRET_KEY="x", DATABASE_URL="foo")


def test_with_a_key_it_starts():
    assert "no issues" in start(SECRET_KEY="x", DATABASE_URL="sqlite://:memory:")


@pytest.mark.parametrize(
    "tiles",
    [
        "tuiles.exemple.fr/{z}/{x}/{y}.png",
        "javascript://tuiles.exemple.fr/{z}/{x}/{y}.png",
        "https:///{z}/{x}/{y}.png",
        "https://nom:secret@tuiles.exemple.fr/{z}/{x}/{y}.png",
        "https://tuiles.exemple.fr;script-src *;/{z}/{x}/{y}.png",
        "https://tuiles.exemple.fr script-src/{z}/{x}/{y}.png",
        "https://tuiles.exemple.fr:port/{z}/{x}/{y}.png",
        "https://[tuiles/{z}/{x}/{y}.png",
    ],
)
def test_tiles_that_the_content_policy_could_not_name_are_refused(tiles):
    said = start(SECRET_KEY="x", MAP_TILES=tiles, MAP_TILES_CREDIT="IGN")
    assert "MAP_TILES ne se lit pas" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "tiles", ["https://{s}.tuiles.exemple.fr/{z}/{x}/{y}.png", "http://localhost:8080/{z}/{x}/{y}.png?style=plan"]
)
def test_tiles_of_a_server(tiles):
    said = start(SECRET_KEY="x", DATABASE_URL="sqlite://:memory:", MAP_TILES=tiles, MAP_TILES_CREDIT="IGN")
    assert "no issues" in said
