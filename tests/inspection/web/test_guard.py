"""Who may talk to the station's web."""

import re
import socket
from typing import Any

import pytest

REVIEW = {"part_number": 0, "agrees": True, "reason": "", "who": "Mia"}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "", "[::1", "127.0.0.1.nip.io"],
)
def test_a_page_under_a_foreign_name_is_not_served(asker: Any, host: str) -> None:
    for path in ("/", "/events", "/pictures/0.png", "/healthz"):
        answer = asker.get(path, host=host)
        assert answer.status_code == 400
        assert "is not this station" in answer.json()["detail"]


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8000",
        "LOCALHOST",
        "127.0.0.1:8000",
        "192.168.7.20",
        "[::1]:8000",
        "press-4.plant",
        "PRESS-4.plant:8000",
        socket.gethostname(),
    ],
)
def test_the_station_is_served_under_its_own_names(asker: Any, host: str) -> None:
    assert asker.get("/", host=host).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8001"])
def test_another_page_cannot_review(asker: Any, line: Any, origin: str) -> None:
    line.good_parts(1)
    answer = asker.post("/reviews", REVIEW, origin=origin)
    assert answer.status_code == 403


def test_the_stations_own_page_can_review(asker: Any, line: Any) -> None:
    line.good_parts(1)
    assert asker.post("/reviews", REVIEW, origin="http://localhost").status_code == 201


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_form_cannot_review(asker: Any, line: Any, kind: str) -> None:
    line.good_parts(1)
    assert asker.send("/reviews", b"{}", content_type=kind).status_code == 415


@pytest.mark.parametrize("size", [4097, 10_000_000])
def test_a_long_body_is_not_read(asker: Any, size: int) -> None:
    answer = asker.send("/reviews", b" " * size, content_type="application/json")
    assert answer.status_code == 413


def test_every_answer_forbids_foreign_scripts(asker: Any) -> None:
    for path in ("/", "/static/main.js", "/no-such-page"):
        headers = asker.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_page_holds_no_script_of_its_own_and_nothing_from_elsewhere(asker: Any) -> None:
    page = asker.get("/").text
    scripts = re.findall(r"<script.*?</script>", page, re.DOTALL)
    assert scripts == [
        '<script defer src="/static/vendor/uPlot.iife.min.js"></script>',
        '<script type="module" src="/static/main.js"></script>',
    ]
    assert "http://" not in page
    assert "https://" not in page
    assert "style=" not in page


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/static/../app.py", "/static/%2e%2e/app.py"])
def test_nothing_else_is_served(asker: Any, path: str) -> None:
    assert asker.get(path).status_code == 404
