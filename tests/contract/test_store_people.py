"""What every store must keep of people, their access, and the record of what was done."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from service.auth.caller import Caller, Clearance, Grant
from service.auth.patience import Patience
from service.auth.people import ApiKey, OnceLink, Person, Session
from service.auth.record import START, Entry, entry_by, seal
from service.auth.roles import Permission, Role
from service.errors import ConflictError, LinkError, NotFoundError
from service.store.base import Store
from service.store.sql_store import SqlStore
from tests.contract.conftest import Opener
from tests.contract.test_store_contract import NOW

OFFICER = Grant(frozenset({Role.OFFICER}), frozenset({"410400", "乡-1"}), Clearance.SECRET)
ADMIN = Grant(frozenset({Role.ADMINISTRATOR}))
WANG = Person("w", "Wang", "王伟", OFFICER, NOW)
LI = Person("l", "li", "李", ADMIN, NOW, subject="https://sso#17")
LATER = NOW + timedelta(hours=8)


def did(action: str = "test", **details: object) -> Entry:
    return entry_by(Caller.local(), NOW, action, "it", **details)


def test_people_come_back_as_they_were_and_their_names_are_unique(store: Store) -> None:
    store.people.add(WANG, "hash", did())
    store.people.add(LI, None, did())
    assert store.people.get("w") == WANG == store.people.named(" wANG ")
    assert store.people.of_subject("https://sso#17") == LI
    assert store.people.named("nobody") is None and store.people.of_subject("x") is None
    with pytest.raises(NotFoundError, match="no person"):
        store.people.get("x")
    with pytest.raises(ConflictError, match="WANG"):
        store.people.add(replace(WANG, id="w2", name="WANG"), None, did())
    assert (store.people.password_hash("w"), store.people.password_hash("l")) == ("hash", None)
    first = store.people.page(1)
    assert ([p.id for p in first.items], first.matched) == (["w"], 2)
    assert [p.id for p in store.people.page(1, first.next_key or 0).items] == ["l"]
    assert store.audit_log.head().count == 2, "a refused change leaves no entry"


def test_the_last_administrator_stays(store: Store) -> None:
    store.people.add(WANG, None, did())
    assert not store.people.has_administrator()
    store.people.change(replace(WANG, display_name="王"), did())
    store.people.add(LI, None, did())
    assert store.people.has_administrator()
    for last in (replace(LI, active=False), replace(LI, grant=OFFICER)):
        with pytest.raises(ConflictError, match="last administrator"):
            store.people.change(last, did())
    assert store.people.get("l") == LI
    with pytest.raises(NotFoundError):
        store.people.change(replace(LI, id="x", name="x"), did())
    store.people.change(replace(WANG, grant=ADMIN), did())
    store.people.change(replace(LI, active=False), did())
    assert store.people.has_administrator()


def test_sessions_end_by_themselves_or_with_their_person(store: Store) -> None:
    store.people.add(WANG, "old", did())
    store.people.add(LI, None, did())
    session = Session("s1", "w", NOW, NOW, LATER, "10.0.0.1", "Firefox")
    for name in ("s1", "s2", "s3"):
        store.access.open_session(replace(session, id=name), did())
    assert store.access.session("s1") == (session, WANG)
    assert store.access.session("nothing") is None
    seen = NOW + timedelta(minutes=5)
    store.access.seen("session", "s1", seen)
    store.access.seen("session", "s1", NOW)
    found = store.access.session("s1")
    assert found is not None and found[0].seen_at == seen, "never back"
    store.access.end_session("s1", seen, did())
    assert [_ended(store, s) for s in ("s1", "s2")] == [True, False]
    store.people.set_password("w", "anew", seen, None)
    assert not _ended(store, "s2"), "a hash that is made anew signs nobody out"
    store.people.set_password("w", "new", seen, did())
    assert _ended(store, "s2") and store.people.password_hash("w") == "new"
    store.access.open_session(replace(session, id="s4"), did())
    store.people.change(replace(WANG, active=False), did())
    assert _ended(store, "s4")


def _ended(store: Store, digest: str) -> bool:
    found = store.access.session(digest)
    assert found is not None
    return found[0].revoked_at is not None


def test_keys_are_found_by_their_digest_and_revoked_for_ever(store: Store) -> None:
    store.people.add(WANG, None, did())
    grant = replace(OFFICER, only=frozenset({Permission.READ}))
    key = ApiKey("k1", "d1", "QGIS 图", grant, NOW, LATER, "w")
    store.access.add_key(key, did())
    store.access.add_key(replace(key, id="k2", digest="d2", owner_id=None, expires_at=None), did())
    assert store.access.key("d1") == (key, WANG)
    other = store.access.key("d2")
    assert other is not None and other[1] is None and other[0].lives(LATER)
    assert store.access.key("k1") is None
    store.access.seen("key", "d1", LATER)
    assert [k.used_at for k in store.access.keys(5).items] == [None, LATER]
    before = store.audit_log.head().count
    assert store.access.revoke_key("k1", NOW, did()).revoked_at == NOW
    assert store.access.revoke_key("k1", LATER, did()).revoked_at == NOW
    assert store.audit_log.head().count == before + 1
    with pytest.raises(NotFoundError, match="no key"):
        store.access.revoke_key("x", NOW, did())
    first = store.access.keys(1)
    assert ([k.id for k in first.items], first.matched) == (["k2"], 2)
    assert [k.id for k in store.access.keys(1, first.next_key or 0).items] == ["k1"]


def test_a_link_opens_once_also_for_two_at_once(store: Store) -> None:
    store.people.add(WANG, None, did())
    store.access.add_link(OnceLink("d", "demo", "w", NOW, LATER), did())
    assert store.access.use_link("d", LATER) is None, "it has run out"
    found: list[OnceLink | None] = []
    pair = [threading.Thread(target=lambda: found.append(store.access.use_link("d", NOW))) for _ in range(2)]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()
    assert sorted(link is not None for link in found) == [False, True]
    kept = store.access.link("d")
    assert kept is not None and kept.used_at == NOW and not kept.lives(NOW)
    assert store.access.link("x") is None and store.access.use_link("x", NOW) is None


def test_the_first_administrator_comes_by_a_link_and_only_one_does(store: Store) -> None:
    store.access.add_link(OnceLink("old", "first", None, NOW, LATER), did())
    store.access.add_link(OnceLink("new", "first", None, NOW, LATER), did())
    assert store.access.link("old") is None, "a new link replaces the unused one"
    for bad in ("old", "nothing"):
        with pytest.raises(LinkError):
            store.people.add(LI, "h", did(), link=bad)
    store.people.add(LI, "h", did(), link="new")
    with pytest.raises(LinkError):
        store.people.add(replace(LI, id="m", name="m", subject=None), "h", did(), link="new")
    store.access.add_link(OnceLink("another", "first", None, NOW, LATER), did())
    with pytest.raises(LinkError):
        store.people.add(replace(LI, id="m", name="m", subject=None), "h", did(), link="another")
    assert store.people.page(9).matched == 1


def test_attempts_are_counted_over_processes_and_forgotten(opener: Opener) -> None:
    one, two = opener("same"), opener("same")
    told = {"a": Patience(free=1, first_s=10.0, forget_s=3600.0), "b": Patience(free=9)}
    assert [store.access.begin_attempt(told, NOW) for store in (one, two)] == [0.0, 0.0]
    # the third is not looked at, and not counted
    assert [store.access.begin_attempt(told, NOW) for store in (one, two)] == [10.0, 10.0]
    assert one.access.begin_attempt(told, NOW + timedelta(seconds=11)) == 0.0
    assert two.access.begin_attempt(told, NOW + timedelta(seconds=11)) == 20.0
    one.access.end_attempt(["a"], ["b"])
    assert two.access.begin_attempt({"a": told["a"]}, NOW + timedelta(seconds=12)) == 0.0
    # what lies far back counts no more
    assert two.access.begin_attempt(told, NOW + timedelta(days=2)) == 0.0


def test_of_many_attempts_at_once_one_is_looked_at(opener: Opener) -> None:
    store = opener("same")
    told = {"a": Patience(free=0, first_s=60.0)}
    store.access.begin_attempt(told, NOW)
    later = NOW + timedelta(seconds=61)
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: store.access.begin_attempt(told, later), range(16)))
    assert sorted(waits)[:2] == [0.0, 120.0]


def test_rights_that_change_are_noticed_by_every_process_and_looks_are_not(opener: Opener) -> None:
    one, two = opener("same"), opener("same")
    states = [two.state("people")]

    def changed() -> bool:
        states.append(two.state("people"))
        return states[-1] != states[-2]

    one.people.add(WANG, None, did())
    assert changed()
    one.access.open_session(Session("s", "w", NOW, NOW, LATER), did())
    assert changed()
    one.access.seen("session", "s", LATER)
    assert not changed()
    one.access.end_session("s", NOW, did())
    assert changed()


# --- the record ----------------------------------------------------------------------------------


def test_the_record_holds_in_order_whoever_writes(opener: Opener) -> None:
    stores = [opener("same") for _ in range(3)]

    def write(store: Store, name: str) -> None:
        for i in range(10):
            store.audit_log.append(did(name, i=i, 区="一"))

    writers = [threading.Thread(target=write, args=(store, f"w{i}")) for i, store in enumerate(stores)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert stores[0].audit_log.verify() == (30, None)
    page = stores[0].audit_log.page(4, action="w1")
    assert page.matched == 10 and [link.entry.details["i"] for link in page.items] == [9, 8, 7, 6]
    rest = stores[0].audit_log.page(50, page.next_key or 0, action="w1", actor="local")
    assert [link.entry.details["i"] for link in rest.items] == [5, 4, 3, 2, 1, 0]
    assert stores[0].audit_log.page(5, actor="nobody").matched == 0


def test_an_entry_with_what_no_database_holds_is_kept_all_the_same(store: Store) -> None:
    entry = replace(did(), target="a\x00b\ud800", address="x" * 500, details={"t": "a\x00\ud800", "n": [1, None, True]})
    link = store.audit_log.append(entry)
    assert link.entry.target == "ab?" and len(link.entry.address) == 64
    assert store.audit_log.verify() == (1, None)
    (kept,) = store.audit_log.page(1).items
    assert kept == link


@pytest.mark.parametrize(
    ("harm", "number", "fault"),
    [
        ("UPDATE audit_log SET actor_name = 'nobody' WHERE number = 3", 3, "changed"),
        ("UPDATE audit_log SET details = '{\"i\":7}' WHERE number = 4", 4, "changed"),
        ("UPDATE audit_log SET details = 'no json' WHERE number = 4", 4, "changed"),
        ("UPDATE audit_log SET at = '2020-01-01 00:00:00.000000' WHERE number = 2", 2, "changed"),
        ("DELETE FROM audit_log WHERE number = 1", 1, "missing"),
        ("DELETE FROM audit_log WHERE number = 3", 3, "missing"),
        ("DELETE FROM audit_log WHERE number > 4", 5, "cut-off"),
        ("DELETE FROM audit_log", 1, "cut-off"),
        ("UPDATE audit_head SET count = 2", 6, "head"),
        ("SWAP", 2, "changed"),
        ("FORGE", 3, "reordered"),
    ],
)
def test_what_was_changed_removed_or_put_elsewhere_is_found(store: Store, harm: str, number: int, fault: str) -> None:
    for i in range(6):
        store.audit_log.append(did("step", i=i))
    assert store.audit_log.verify() == (6, None)
    assert isinstance(store, SqlStore)
    third = store.audit_log.page(9).items[3].entry
    with store.engine.begin() as connection:
        unlock(connection)
        for statement in _HARMS.get(harm, (harm,)):
            told = statement.replace("{hash}", seal(START, 3, third).hash).replace(":", "\\:")
            connection.execute(sa.text(told))
    held, found = store.audit_log.verify()
    assert found is not None and (found.number, found.fault) == (number, fault), found
    assert held == (6 if fault == "head" else number - 1)


def unlock(connection: sa.Connection) -> None:
    """Take away what keeps the record from being changed, as somebody would who means to."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("DROP TRIGGER audit_log_no_change ON audit_log"))
        return
    for what in ("update", "delete"):
        connection.execute(sa.text(f"DROP TRIGGER audit_log_no_{what}"))


@pytest.mark.parametrize("harm", ["UPDATE audit_log SET target = 'x'", "DELETE FROM audit_log WHERE number = 1"])
def test_the_record_only_grows(store: Store, harm: str) -> None:
    store.audit_log.append(did("step"))
    assert isinstance(store, SqlStore)
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), store.engine.begin() as connection:
        connection.execute(sa.text(harm))
    assert store.audit_log.verify() == (1, None)


_HARMS = {
    "SWAP": (
        "UPDATE audit_log SET number = 99 WHERE number = 2",
        "UPDATE audit_log SET number = 2 WHERE number = 3",
        "UPDATE audit_log SET number = 3 WHERE number = 99",
    ),
    # entry 3 is replaced by one that is sealed well in itself, but follows nothing
    "FORGE": (f"UPDATE audit_log SET previous = '{START}', hash = '{{hash}}' WHERE number = 3",),
}
