"""The check by two people over HTTP: who judges is who has signed in, and the second is told nothing of the first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.app import create_app
from service.auth.caller import Caller
from service.settings import Auth, Settings
from service.usecases.people import PersonFacts, add_person
from tests.access import TestClient, make_key
from tests.integration.review_kit import a_finding, opened, store_scan

PASSWORD = "correct horse battery"
PEOPLE = {"wang": "王五", "li": "李四", "zhao": "赵六", "wang2": "王五"}
COUNT = 12


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A service with findings; a client for each person who has signed in, and one with a key."""
    settings = Settings(data=tmp_path / "data", auth=Auth(password_memory_kib=1024, password_passes=1, rate_per_s=0))
    services = opened(settings.data)
    rows = [a_finding(f"f{i}", i, confidence=0.9 - i / 40, structure_id=None) for i in range(COUNT)]
    store_scan(services, "s", rows)
    services.close()
    with TestClient(create_app(settings)) as client:
        services = client.app.state.services  # type: ignore[attr-defined]
        made: dict[str, Any] = {}
        for name, called in PEOPLE.items():
            facts = PersonFacts(called, ["officer"], areas=["*"])
            add_person(services, Caller.local(), name, facts, PASSWORD)
            one = TestClient(client.app)
            told = one.post("/session", json={"name": name, "password": PASSWORD}).json()
            one.headers["X-CSRF-Token"] = told["csrf_token"]
            made[name] = one
        made["key"] = TestClient(client.app)
        made["key"].headers.update(make_key(services))
        yield made


def say(client: Any, fid: str, reason: str | None = None, **more: Any) -> Any:
    body = {"verdict": reason is None, **({} if reason is None else {"reason": reason}), **more}
    answer = client.post(f"/findings/{fid}/verdicts", json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def listed(client: Any, state: str = "waiting", **more: Any) -> Any:
    answer = client.get("/second-looks", params={"state": state, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(told: Any) -> list[str]:
    return [row["finding_id"] for row in told["rows"]]


def test_the_person_who_has_signed_in_judges_and_nobody_else(desks: dict[str, Any]) -> None:
    me = desks["li"].get("/session").json()["id"]
    told = say(desks["li"], "f0", "tree")
    assert (told["judged_by"], told["person_id"], told["pair"]) == ("李四", me, None)
    body = {"verdict": True, "judged_by": "王五"}
    refused = desks["li"].post("/findings/f1/verdicts", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "verdict-unusable"), refused.text
    assert "王五" in refused.json()["detail"] and "李四" in refused.json()["detail"]
    assert desks["li"].get("/findings/f1/verdicts").json()["verdicts"] == []
    assert say(desks["li"], "f1", judged_by="李四")["person_id"] == me
    # a system tells by name who judged, and no name is no verdict
    assert say(desks["key"], "f2", judged_by="外业")["person_id"] is None
    nobody = desks["key"].post("/findings/f3/verdicts", json={"verdict": True})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "verdict-unusable")


def test_the_second_person_is_told_nothing_until_they_have_spoken(desks: dict[str, Any]) -> None:
    wang, li = desks["wang"], desks["li"]
    clean = {f["id"]: f for f in wang.get("/scans/s/findings").json()["features"]}
    assert ids(listed(li)) == []
    said = {"f3": "shadow", "f1": None, "f5": "greenhouse"}
    for fid, reason in said.items():
        say(wang, fid, reason, note="第一人的备注")
    page = li.get("/second-looks").text
    for word in (
        "shadow",
        "greenhouse",
        "备注",
        "王五",
        "judged",
        "suppressed",
        "structure_id",
        "priority",
        'verdict"',
    ):
        assert word not in page, word
    told = json.loads(page)
    assert ids(told) == ["f3", "f1", "f5"] and told["numberMatched"] == 3
    assert ids(listed(wang)) == [] and ids(listed(wang, "differing")) == []
    for row in told["rows"]:
        assert (row["before_scene"], row["after_scene"], row["pair"]) == ("a", "b", None)
        before = clean[row["finding_id"]]
        assert row["finding"]["geometry"] == before["geometry"]
        common = row["finding"]["properties"].keys() & before["properties"].keys()
        assert {"confidence", "area_m2", "reasons", "status", "flags"} <= common
        assert {k: row["finding"]["properties"][k] for k in common} == {k: before["properties"][k] for k in common}
    # rows of a right and of a wrong one have the same members
    assert len({tuple(row["finding"]["properties"]) for row in told["rows"]}) == 1
    own = say(li, "f3", "tree")
    assert own["pair"]["result"] == "other_reason"
    assert (own["pair"]["first"]["reason"], own["pair"]["first"]["note"]) == ("shadow", "第一人的备注")
    assert own["pair"]["second"]["id"] == own["id"]
    assert say(li, "f1")["pair"]["result"] == "same" and say(li, "f5")["pair"]["result"] == "disagree"
    assert ids(listed(li)) == [] == ids(listed(desks["zhao"]))
    assert ids(listed(li, "differing")) == ["f5", "f3"] and ids(listed(wang, "agreed")) == ["f1"]
    # whoever gives in ends the disagreement; who spoke first stays the first
    settled = say(wang, "f5")
    assert settled["pair"]["result"] == "same" and settled["pair"]["first"]["id"] == settled["id"]
    assert ids(listed(li, "differing")) == ["f3"] and ids(listed(li, "agreed")) == ["f5", "f1"]


def test_a_pile_is_one_request_and_long_ones_come_in_pages(desks: dict[str, Any]) -> None:
    for i in range(COUNT):
        say(desks["wang"], f"f{i}", "tree")
    whole = listed(desks["li"], limit=50)
    assert ids(whole) == [f"f{i}" for i in range(COUNT)] and whole["numberReturned"] == COUNT
    seen, address = [], "/second-looks?limit=5"
    while address:
        page = desks["li"].get(address).json()
        assert page["numberMatched"] == COUNT
        seen.append(ids(page))
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert [len(part) for part in seen] == [5, 5, 2] and sum(seen, []) == ids(whole)
    for i in range(COUNT):
        say(desks["li"], f"f{i}", "tree" if i % 2 else "water")
    first = listed(desks["li"], "differing", limit=4)
    rest = desks["li"].get(next(link["href"] for link in first["links"] if link["rel"] == "next")).json()
    assert ids(first) + ids(rest) == ["f10", "f8", "f6", "f4", "f2", "f0"]
    assert not [link for link in rest["links"] if link["rel"] == "next"]
    wrong = desks["li"].get("/second-looks?state=odd")
    assert wrong.status_code == 400 or wrong.status_code == 422


def test_two_people_of_one_name_are_two_and_a_written_name_is_none_of_them(desks: dict[str, Any]) -> None:
    say(desks["wang"], "f0", "tree")
    say(desks["key"], "f1", "tree", judged_by="王五")
    assert ids(listed(desks["wang2"])) == ["f0"], "another 王五; the written name might be theirs"
    assert ids(listed(desks["wang"])) == []
    assert ids(listed(desks["li"])) == ["f0", "f1"] == ids(listed(desks["key"]))
    assert say(desks["wang2"], "f0", "tree")["pair"]["result"] == "same"
    assert say(desks["wang"], "f1", "water")["pair"] is None
    assert ids(listed(desks["li"])) == ["f1"]


def test_a_slip_is_taken_back_by_whoever_made_it(desks: dict[str, Any]) -> None:
    wang, li = desks["wang"], desks["li"]
    before = wang.get("/findings/f0").json()["properties"]
    slip = say(wang, "f0", "tree")
    address = f"/findings/f0/verdicts/{slip['id']}"
    assert [row["id"] for row in wang.get("/queue?capacity=50").json()["rows"]].count("f0") == 0
    other = li.delete(address)
    assert (other.status_code, other.json()["code"]) == (403, "forbidden")
    assert desks["key"].delete(address).status_code == 403
    done = wang.delete(address)
    assert done.status_code == 200 and done.json()["counts"] is None
    assert done.json()["withdrawn"]["withdrawn_at"] is not None
    assert wang.delete(address).json() == done.json(), "twice is once"
    assert wang.get("/findings/f0").json()["properties"] == before
    assert wang.get("/findings/f0/verdicts").json()["verdicts"] == []
    assert [row["id"] for row in wang.get("/queue?capacity=50").json()["rows"]].count("f0") == 1
    assert ids(listed(li)) == []
    # what another said counts again
    say(li, "f0", "water")
    again = say(wang, "f0")
    assert wang.get("/findings/f0").json()["properties"]["judged"] is True
    counts = wang.delete(f"/findings/f0/verdicts/{again['id']}").json()["counts"]
    assert (counts["judged_by"], counts["reason"]) == ("李四", "water")
    assert wang.get("/findings/f0").json()["properties"]["judged_reason"] == "water"
    assert ids(listed(wang)) == [], "they have seen what was said"
    assert wang.delete("/findings/f0/verdicts/none").status_code == 404
    named = say(desks["key"], "f1", "tree", judged_by="王五")
    assert wang.delete(f"/findings/f1/verdicts/{named['id']}").status_code == 403
    assert desks["key"].delete(f"/findings/f1/verdicts/{named['id']}").status_code == 200
