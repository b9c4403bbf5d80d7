"""Roles, grants, passwords, secrets, patience: what each decides, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from geodata.errors import OptionError
from service.auth import passwords, tokens
from service.auth.caller import Caller, Clearance, Grant, caller, parse_clearance
from service.auth.patience import ADDRESS, BOTH, NAME, Failures, network, subjects
from service.auth.people import ApiKey, OnceLink, Person, Session, caller_of_key, caller_of_person
from service.auth.roles import RIGHTS, ROLE_NAMES_ZH, Permission, Role, parse_permissions, parse_roles, permissions_of
from service.errors import PasswordError

NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)
CHEAP = passwords.Cost(passes=1, memory_kib=64)


def test_every_role_has_rights_and_a_name_and_everybody_reads() -> None:
    assert set(RIGHTS) == set(ROLE_NAMES_ZH) == set(Role)
    # a monitor is a machine: it sees the counts and nothing else
    assert [role for role, rights in RIGHTS.items() if Permission.READ not in rights] == [Role.MONITOR]
    assert RIGHTS[Role.MONITOR] == {Permission.METRICS}
    assert permissions_of(Role) == set(Permission)


def test_powers_are_apart() -> None:
    """Who gives rights or reads the record does not judge, and who judges gives none."""
    for role, rights in RIGHTS.items():
        powers = rights & {Permission.JUDGE, Permission.PEOPLE, Permission.AUDIT}
        assert len(powers) <= 1, role
    assert Permission.PERSONAL not in RIGHTS[Role.ADMINISTRATOR]


def test_names_are_parsed_or_refused() -> None:
    assert parse_roles(["officer", "chief"]) == {Role.OFFICER, Role.CHIEF}
    for bad in (["boss"], []):
        with pytest.raises(OptionError):
            parse_roles(bad)
    assert parse_permissions(["read"]) == {Permission.READ}
    with pytest.raises(OptionError):
        parse_permissions(["fly"])
    assert parse_clearance("secret") is Clearance.SECRET
    with pytest.raises(OptionError):
        parse_clearance("top")


@pytest.mark.parametrize(
    ("given", "within"),
    [
        (Grant(frozenset({Role.READER}), frozenset({"a"})), True),
        (Grant(frozenset({Role.READER}), frozenset({"a", "c"})), False),
        (Grant(frozenset({Role.READER}), None), False),
        (Grant(frozenset({Role.OFFICER}), frozenset({"a"})), False),
        (Grant(frozenset({Role.OFFICER}), frozenset({"a"}), only=frozenset({Permission.READ})), True),
        (Grant(frozenset({Role.READER}), frozenset({"a"}), Clearance.SECRET), False),
    ],
)
def test_nobody_gives_more_than_they_have(given: Grant, within: bool) -> None:
    giver = caller("person", "p", "王", Grant(frozenset({Role.ANALYST}), frozenset({"a", "b"})))
    assert given.within(giver) is within
    assert given.within(Caller.local())


def test_a_key_has_never_more_than_its_owner_has_now() -> None:
    grant = Grant(frozenset({Role.ANALYST, Role.OFFICER}), None, Clearance.SECRET)
    key = ApiKey("k", "d", "QGIS", grant, NOW, owner_id="p")
    owner = Person("p", "wang", "王", Grant(frozenset({Role.OFFICER}), frozenset({"a"})), NOW)
    found = caller_of_key(key, owner)
    assert found is not None
    assert found.permissions == RIGHTS[Role.OFFICER]
    assert (found.scope, found.clearance, found.kind) == (frozenset({"a"}), Clearance.INTERNAL, "key")
    assert caller_of_key(key, None) is None
    gone = Person("p", "wang", "王", owner.grant, NOW, active=False)
    assert caller_of_key(key, gone) is None
    assert caller_of_person(owner).may(Permission.JUDGE)
    free = caller_of_key(ApiKey("k", "d", "QGIS", grant, NOW), None)
    assert free is not None and free.scope is None


def test_what_lives_and_what_has_ended() -> None:
    idle, later = timedelta(hours=1), NOW + timedelta(hours=8)
    session = Session("s", "p", NOW, NOW, later)
    assert session.lives(NOW + timedelta(minutes=59), idle)
    assert not session.lives(NOW + timedelta(minutes=60), idle)
    seen = Session("s", "p", NOW, later - timedelta(minutes=1), later)
    assert seen.lives(later - timedelta(seconds=1), idle) and not seen.lives(later, idle)
    assert not Session("s", "p", NOW, NOW, later, revoked_at=NOW).lives(NOW, idle)
    key = ApiKey("k", "d", "n", Grant(frozenset({Role.READER})), NOW, expires_at=later)
    assert key.lives(NOW) and not key.lives(later)
    link = OnceLink("d", "first", None, NOW, later)
    assert link.lives(NOW) and not link.lives(later)
    assert "digest" not in repr(link) and "digest" not in repr(key)


def test_passwords_are_hashed_and_made_anew_when_the_cost_changes() -> None:
    stored = passwords.hash_password("correct horse battery", CHEAP)
    assert stored.startswith("$argon2id$") and "horse" not in stored
    assert passwords.verify_password(stored, "correct horse battery", CHEAP) == (True, None)
    assert passwords.verify_password(stored, "correct horse batterY", CHEAP) == (False, None)
    dearer = passwords.Cost(passes=2, memory_kib=64)
    good, anew = passwords.verify_password(stored, "correct horse battery", dearer)
    assert good and anew is not None and "t=2" in anew
    assert passwords.verify_password(anew, "correct horse battery", dearer) == (True, None)
    assert passwords.verify_password(None, "the password of nobody", CHEAP) == (False, None)
    assert passwords.verify_password("no hash", "x", CHEAP) == (False, None)


@pytest.mark.parametrize("bad", ["short", "a" * 40, "x" * 300, "i am WangWei, hello"])
def test_weak_passwords_are_refused(bad: str) -> None:
    with pytest.raises(PasswordError):
        passwords.check_password(bad, "wangwei")
    passwords.check_password("一句容易记住的话一句容易记住的话", "wangwei")


def test_secrets_are_long_and_only_their_digest_is_kept() -> None:
    key = tokens.new_key()
    assert tokens.is_key(key) and not tokens.is_key(key[:-1]) and not tokens.is_key("kan_" + "!" * 43)
    assert len({tokens.new_token() for _ in range(50)}) == 50
    assert len(tokens.digest(key)) == 64 and key not in tokens.digest(key)
    word = tokens.csrf_token("s1")
    assert tokens.csrf_holds("s1", word)
    assert not tokens.csrf_holds("s2", word) and not tokens.csrf_holds("s1", None) and not tokens.csrf_holds("s1", "é")


def test_waits_double_and_end() -> None:
    waits = [BOTH.wait_s(Failures(n, NOW), NOW) for n in range(4, 9)]
    assert waits == [0, 1, 2, 4, 8]
    assert BOTH.wait_s(Failures(10_000, NOW), NOW) == 900
    assert BOTH.wait_s(Failures(6, NOW), NOW + timedelta(seconds=1.5)) == 0.5
    assert BOTH.wait_s(Failures(99, NOW), NOW + timedelta(days=2)) == 0
    assert NAME.wait_s(Failures(10_000, NOW), NOW) == 60, "nobody is locked out for long by others"
    assert BOTH.wait_s(None, NOW) == 0


def test_what_an_attempt_is_counted_under() -> None:
    assert list(subjects(" Wang ", "10.0.0.1").values()) == [BOTH, ADDRESS, NAME]
    assert subjects(" Wang ", "10.0.0.1").keys() == subjects("wang", "10.0.0.1").keys()
    assert network("2001:db8::1") == network("2001:db8::2") != network("2001:db8:0:1::1")
    assert network("::ffff:10.0.0.1") == network("10.0.0.1")
    assert network("testclient") == "testclient"
