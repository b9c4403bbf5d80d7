"""Log lines: whole, with their ids, without secrets."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import copy_context

import pytest

from service.watching.context import REQUEST_ID, RUN_ID, request_id
from service.watching.logs import JsonLines, TextLines, safe_query, without_secrets

KEY = "kan_" + "aB3-_" * 8 + "xyz"


def record(message: str, *args: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("service.x", logging.WARNING, "x.py", 1, message, args, None)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_a_json_line_holds_time_level_logger_message_and_ids() -> None:
    def said() -> str:
        REQUEST_ID.set("request-1")
        RUN_ID.set("run-1")
        return JsonLines("").format(record("%d jobs\nwait", 3, told={"ms": 1.5, "区": "东"}))

    line = copy_context().run(said)
    assert "\n" not in line
    told = json.loads(line)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "warning",
        "logger": "service.x",
        "message": "3 jobs\nwait",
        "request_id": "request-1",
        "run_id": "run-1",
        "ms": 1.5,
        "区": "东",
    }
    assert "request_id" not in json.loads(JsonLines("").format(record("later")))


def test_a_process_of_one_job_names_it_in_every_thread() -> None:
    assert json.loads(JsonLines("job-7").format(record("x")))["run_id"] == "job-7"
    assert json.loads(JsonLines("").format(record("x", run_id="job-8")))["run_id"] == "job-8"


def test_a_text_line_stays_one_line_and_an_error_stands_below() -> None:
    assert TextLines("j").format(record("two\nlines")).endswith("WARNING service.x: two\\nlines run_id=j")
    assert TextLines("").format(record("%s", "a\r\x1b[31mb\x85c\u2028d")).endswith("a\\r\\x1b[31mb\\x85c\\u2028d")
    try:
        raise ValueError(f"the key {KEY} is none")
    except ValueError:
        made = record("it broke", exc_info=sys.exc_info())
    for form in (TextLines(""), JsonLines("")):
        text = form.format(made)
        assert "ValueError" in text and KEY not in text and "kan_..." in text


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {KEY}",
        "authorization: basic eDp" + "SECRET0" * 3 + "==",
        "Cookie: __Host-kancha_session=SECRET0SECRET0; other=1",
        "GET /first/SECRET0SECRET0SECRET0",
        "postgresql://kancha:SECRET0@10.0.0.1/db",
        '{"name": "li.si", "password": "SECRET0"}',
        "password=SECRET0&next=/",
        "client_secret: SECRET0",
        f"https://user:SECRET0@host/path and {KEY}",
    ],
)
def test_secrets_are_hidden_wherever_they_stand(text: str) -> None:
    hidden = without_secrets(text)
    assert "SECRET0" not in hidden and "aB3-_aB3" not in hidden and "..." in hidden
    line = JsonLines("").format(record("%s", text))
    assert "SECRET0" not in line and "aB3-_aB3" not in line and json.loads(line)["message"] == hidden


def test_what_is_no_secret_stays() -> None:
    for text in ("GET /first steps", "The password is too short.", "basic needs", "http://host:8000/path", "kan_short"):
        assert without_secrets(text) == text


def test_of_queries_the_harmless_values_are_told() -> None:
    assert safe_query(b"") == ""
    assert safe_query(b"bbox=114.0,36.5,114.1,36.6&limit=10&f=json") == "bbox=114.0,36.5,114.1,36.6&limit=10&f=json"
    assert safe_query("purpose=电话 张三&code=abc&state=def&filter=name%3D'x'".encode()) == (
        "purpose=...&code=...&state=...&filter=..."
    )
    assert safe_query(b"limit=<script>&a%0Ab=1") == "limit=...&a%0Ab=..."


@pytest.mark.parametrize(
    "given", [None, "", "short", "a" * 65, "two\nlines ok", "with space", "引号引号引号引号", KEY, "-dashfirst"]
)
def test_a_malformed_request_id_is_replaced(given: str | None) -> None:
    made = request_id(given)
    assert made != given and len(made) == 32 and made != request_id(given)


@pytest.mark.parametrize("given", ["abcd1234", "5e0b7a9c-aaaa-bbbb-cccc-0123456789ab", "a" * 64, "deploy_1.2-x"])
def test_a_well_formed_one_is_kept(given: str) -> None:
    assert request_id(given) == given
