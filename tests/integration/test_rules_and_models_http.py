"""Rulebooks and models as an administrator changes them over HTTP: checked, compared, put to use, in the record."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from geodata.assess import parse_book, shipped_book
from service.settings import Limits, Settings
from service.usecases.rulebooks import rules_for
from tests.access import client_of, make_key
from tests.integration.service_kit import kancha
from tests.unit.detect.model_kit import make_model

BOOK = """\
id: my-city
version: 1
jurisdiction: "130400"
title: {en: My city, zh: 本市}
extends: cn
since: 2025-01-01
articles: {local: {text: 某条例第7条, en: Local rules Art. 7}}
rests_on: {no_permit: local}
"""
SECOND = BOOK.replace("version: 1", "version: 2").replace("第7条", "第8条")


@pytest.fixture
def data(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", limits=Limits(max_json_bytes=64 * 1024))


@pytest.fixture
def chief(data: Settings) -> Iterator[Any]:
    """A client of somebody who may put rules and models to use."""
    with client_of(data, roles=["administrator"]) as made:
        yield made


def state(client: Any, what: str = "rulebooks") -> str:
    return str(client.get(f"/{what}").json()["state"])


def record(client: Any) -> list[tuple[str, str]]:
    key = make_key(client.app.state.services, ["auditor"])
    told = client.get("/audit-log", headers=key).json()["entries"]
    return [(one["action"], one["target"]) for one in told if one["action"] not in ("key-made", "command")]


def test_a_rulebook_is_looked_at_before_it_is_put_in(chief: Any, data: Settings) -> None:
    looked = chief.post("/rulebooks/check", json={"text": BOOK})
    assert looked.status_code == 200, looked.text
    told = looked.json()
    assert (told["is_new"], told["in_use"], told["since"]) == (True, False, "2025-01-01")
    assert told["against"] == shipped_book("cn").name
    assert {(one["part"], one["name"]): one["kind"] for one in told["differences"]}["rules", "no_permit"] == "changed"
    assert len(told["content"]["rules"]) == told["rules"]
    assert not (data.data / "rulebooks").exists() and record(chief) == []
    assert "my-city" not in chief.get("/rulebooks").text


def test_a_rulebook_is_put_in_and_put_to_use_and_stands_in_the_record(chief: Any, data: Settings) -> None:
    made = chief.post("/rulebooks", json={"text": BOOK, "use": True, "expected": state(chief)})
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["in_use"] and made.headers["location"].endswith(f"/rulebooks/{told['name']}")
    assert chief.post("/rulebooks", json={"text": BOOK}).status_code == 200, "the same again is no error"
    assert sorted(record(chief)) == [("rulebook-added", told["name"]), ("rulebook-used", "my-city")]
    back = chief.put("/rulebooks/current", json={"id": "cn", "expected": state(chief)})
    assert [one["id"] for one in back.json()["rulebooks"] if one["in_use"]] == ["cn"]
    assert record(chief)[0] == ("rulebook-used", "cn")


def test_the_next_version_takes_over_on_the_day_from_which_it_holds(chief: Any, data: Settings) -> None:
    first = chief.post("/rulebooks", json={"text": BOOK, "use": True}).json()["name"]
    looked = chief.post("/rulebooks/check", json={"text": SECOND, "since": "2031-05-01"}).json()
    assert looked["against"] == first and not looked["holds_now"] and looked["in_use"]
    assert {one["part"] for one in looked["differences"]} == {"articles", "since"}
    second = chief.post("/rulebooks", json={"text": SECOND, "since": "2031-05-01"}).json()
    assert second["since"] == "2031-05-01"
    assert rules_for(data, "current", date(2031, 4, 30)) == first
    assert rules_for(data, "current", date(2031, 5, 1)) == second["name"]
    diff = chief.get(f"/rulebooks/{first}/diff/{second['name']}").json()
    assert diff["before"] == first and diff["differences"] == looked["differences"]
    said = kancha("rules", "diff", first, second["name"], data=data.data).stdout
    assert "2 differences" in said and "某条例第8条" in said


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (BOOK + "colour: red\n", 9, "colour"),
        (BOOK + "rules: [", 9, "no YAML"),
        (BOOK.replace("local}", "nowhere}"), 8, "nowhere"),
    ],
)
def test_a_bad_rulebook_is_refused_with_its_line_and_the_way_out(
    chief: Any, data: Settings, text: str, line: int, said: str
) -> None:
    before = state(chief)
    for path in ("/rulebooks/check", "/rulebooks"):
        refused = chief.post(path, json={"text": text})
        told = refused.json()
        assert (refused.status_code, told["code"]) == (422, "rulebook-unusable"), refused.text
        assert said in told["detail"] and told["measured"]["line"] == line
        assert "kancha rules template" in told["remedy"] and told["remedy_zh"] and told["title_zh"] == "规则库不可用"
    assert state(chief) == before and record(chief) == []


def test_a_version_never_changes(chief: Any) -> None:
    assert chief.post("/rulebooks", json={"text": BOOK}).status_code == 201
    other = BOOK.replace("第7条", "第9条")
    for path in ("/rulebooks/check", "/rulebooks"):
        refused = chief.post(path, json={"text": other})
        assert refused.status_code == 422 and "another version" in refused.json()["remedy"]
    assert chief.put("/rulebooks/current", json={"id": "mars"}).status_code == 404


def test_the_second_of_two_administrators_is_told(chief: Any) -> None:
    seen = state(chief)
    assert chief.post("/rulebooks", json={"text": BOOK, "expected": seen}).status_code == 201
    for answer in (
        chief.post("/rulebooks", json={"text": SECOND, "expected": seen}),
        chief.put("/rulebooks/current", json={"id": "my-city", "expected": seen}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "changed-meanwhile")
    assert "my-city" in chief.get("/rulebooks").text


def test_of_many_at_once_one_alone_gets_a_version(chief: Any) -> None:
    answers: list[int] = []
    texts = [BOOK.replace("第7条", f"第{number}条") for number in range(8)]

    def put_in(text: str) -> None:
        answers.append(chief.post("/rulebooks", json={"text": text}).status_code)

    threads = [threading.Thread(target=put_in, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, *[422] * 7]
    assert chief.get("/rulebooks").text.count('"id":"my-city"') == 1


def test_who_may_not_put_rules_and_models_to_use(chief: Any) -> None:
    services = chief.app.state.services
    for roles, areas in ((["officer"], None), (["analyst"], None), (["administrator"], ["street"])):
        key = make_key(services, roles, areas)
        asked = [
            chief.post("/rulebooks/check", json={"text": BOOK}, headers=key),
            chief.post("/rulebooks", json={"text": BOOK}, headers=key),
            chief.put("/rulebooks/current", json={"id": "cn"}, headers=key),
            chief.put("/models/current", json={"name": "training-free"}, headers=key),
        ]
        assert {answer.status_code for answer in asked} == {403}, roles
        assert chief.get("/rulebooks/cn/diff/cn-zhejiang", headers=key).status_code == 200
    assert record(chief) == []


def test_a_model_is_put_to_use_and_taken_out_again(chief: Any, data: Settings) -> None:
    folder = make_model(data.data / "models", name="ours").folder
    told = chief.get("/models").json()
    champion = next(one["name"] for one in told["models"] if one["in_use"])
    assert champion != "ours"
    put = chief.put("/models/current", json={"name": "ours", "expected": told["state"]})
    assert put.status_code == 200, put.text
    assert [one["name"] for one in put.json()["models"] if one["in_use"]] == ["ours"]
    behind = chief.put("/models/current", json={"name": champion, "expected": told["state"]})
    assert (behind.status_code, behind.json()["code"]) == (409, "changed-meanwhile")
    (action, target), *more = record(chief)
    assert action == "model-used" and target.startswith("ours+") and more == []
    out = chief.put("/models/current", json={"name": "training-free", "expected": put.json()["state"]})
    assert [one["name"] for one in out.json()["models"] if one["in_use"]] == ["training-free"]
    (folder / "network.onnx").write_bytes(b"broken")
    refused = chief.put("/models/current", json={"name": "ours"})
    assert (refused.status_code, refused.json()["code"]) == (422, "model-unusable")
    assert chief.put("/models/current", json={"name": "mars"}).status_code == 400
    assert chief.get("/models").json()["models"][0]["in_use"], "a refusal changes nothing"


def test_a_text_that_no_rulebook_has_is_refused_at_once(chief: Any) -> None:
    assert parse_book(BOOK, "mine").rules.id == "my-city"
    assert chief.post("/rulebooks", json={"text": ""}).status_code == 422
    assert chief.post("/rulebooks", json={"text": BOOK, "colour": "red"}).status_code == 422
    assert chief.post("/rulebooks", json={"text": "x" * 70_000}).status_code == 413
    bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(12)
    )
    assert "unfold" in chief.post("/rulebooks/check", json={"text": bomb}).json()["detail"]
