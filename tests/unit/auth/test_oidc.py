"""Sign-in by OpenID Connect, with a real provider on this machine: what is believed, and whom it lets in."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import ECKey, RSAKey
from pydantic import SecretStr

from service.app import create_app
from service.auth.caller import Caller
from service.auth.oidc import PENDING_S, Client, Provider, claim_at, subject_of, words_at
from service.auth.roles import Role
from service.bootstrap import open_services
from service.errors import BadQueryError, NotFoundError, OidcError
from service.services import Services
from service.settings import Auth, Oidc, Settings
from service.usecases.authentication import Authenticator
from service.usecases.oidc import begin_oidc, finish_oidc
from service.usecases.people import PersonFacts, add_person, change_person, set_password
from service.usecases.session import Browser, checked_next
from service.usecases.sights import Sights
from tests.unit.auth.oidc_provider import (
    CLIENT_ID,
    SECRET,
    FakeProvider,
    serving,
    signed,
    signed_by_public_key,
    unsigned,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BACK = "https://kancha.example/sign-in/oidc/return"
HERE = Browser("10.1.2.3", "a browser")


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[], FakeProvider]]:
    with serving() as make:
        yield make


@pytest.fixture
def fake(server: Callable[[], FakeProvider]) -> FakeProvider:
    return server()


def ours(fake: FakeProvider) -> Provider:
    return Provider(Client(fake.issuer, CLIENT_ID, SECRET))


def signed_in(fake: FakeProvider, own: Provider, *, later_s: float = 0) -> dict[str, Any]:
    now = time.time()
    address, kept = own.begin(BACK, "/map", now)
    code, state = fake.authorize(address)
    return own.finish(own.unseal(kept, state, now), code, now + later_s)


def refused(reason: str, act: Callable[[], object]) -> OidcError:
    """The refusal, which is of the one kind, says where it failed and what to do, and holds no secret."""
    with pytest.raises(OidcError) as caught:
        act()
    error = caught.value
    assert (type(error), error.code, error.measured["reason"]) == (OidcError, "oidc-failed", reason)
    assert error.remedy
    assert SECRET not in str(error.as_dict())
    return error


# --- the protocol --------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_somebody_signs_in(fake: FakeProvider, algorithm: str) -> None:
    fake.algorithm = algorithm
    if algorithm == "ES256":
        fake.key = ECKey.generate_key("P-256", auto_kid=True)
    claims = signed_in(fake, ours(fake))
    assert (claims["iss"], claims["sub"]) == (fake.issuer, "17")


def test_what_the_provider_tells_is_kept(fake: FakeProvider) -> None:
    own = ours(fake)
    for _ in range(3):
        signed_in(fake, own)
    assert fake.asked == ["/.well-known/openid-configuration", "/token", "/keys", "/token", "/token"]


def test_another_replica_finishes(fake: FakeProvider) -> None:
    now = time.time()
    address, kept = ours(fake).begin(BACK, "/map?day=今天", now)
    code, state = fake.authorize(address)
    other = ours(fake)
    pending = other.unseal(kept, state, now)
    assert pending.next == "/map?day=今天"
    assert other.finish(pending, code, now)["sub"] == "17"


def test_the_browser_keeps_nothing_that_can_be_read_or_altered(fake: FakeProvider) -> None:
    now = time.time()
    own = ours(fake)
    address, kept = own.begin(BACK, "/map", now)
    _, state = fake.authorize(address)
    pending = own.unseal(kept, state, now)
    assert pending.verifier not in address and pending.nonce in address and SECRET not in address
    assert own.unseal(kept, state, now + PENDING_S) == pending
    assert pending.verifier not in repr(pending) and SECRET not in repr(Client(fake.issuer, CLIENT_ID, SECRET))
    altered = kept[:20] + ("A" if kept[20] != "A" else "B") + kept[21:]
    strange = Provider(Client(fake.issuer, CLIENT_ID, "another secret")).seal(pending)
    for bad in (altered, strange, "", "ä", kept[:-8], "AAAA"):
        refused("pending", lambda bad=bad: own.unseal(bad, state, now))
    refused("pending-expired", lambda: own.unseal(kept, state, now + PENDING_S + 1))


def test_a_wrong_state(fake: FakeProvider) -> None:
    own, now = ours(fake), time.time()
    _, kept = own.begin(BACK, "/map", now)
    _, state = fake.authorize(own.begin(BACK, "/map", now)[0])
    for wrong in (state, "", "ä"):
        refused("state", lambda wrong=wrong: own.unseal(kept, wrong, now))
    assert "/token" not in fake.asked


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nonce": "another"}, "claim-nonce"),
        ({"nonce": None}, "claim-nonce"),
        ({"aud": "another"}, "claim-aud"),
        ({"aud": ["another", "third"]}, "claim-aud"),
        ({"aud": None}, "claim-aud"),
        ({"aud": [CLIENT_ID, "another"]}, "claim-azp"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "claim-azp"),
        ({"azp": "another"}, "claim-azp"),
        ({"iss": "https://another.example"}, "claim-iss"),
        ({"iss": None}, "claim-iss"),
        ({"exp": 1_700_000_000}, "claim-exp"),
        ({"exp": None}, "claim-exp"),
        ({"exp": "never"}, "claim-exp"),
        ({"exp": float("nan")}, "claim-exp"),
        ({"iat": 4_000_000_000}, "claim-iat"),
        ({"iat": None}, "claim-iat"),
        ({"nbf": 4_000_000_000}, "claim-nbf"),
        ({"sub": None}, "claim-sub"),
        ({"sub": ""}, "claim-sub"),
        ({"sub": 17}, "claim-sub"),
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in(fake: FakeProvider, claims: dict[str, Any], reason: str) -> None:
    fake.claims = claims
    refused(reason, lambda: signed_in(fake, ours(fake)))


def test_a_token_for_several_says_whose_it_is(fake: FakeProvider) -> None:
    fake.claims = {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    assert signed_in(fake, ours(fake))["azp"] == CLIENT_ID


def test_clocks_may_be_a_minute_apart(fake: FakeProvider) -> None:
    assert signed_in(fake, ours(fake), later_s=-55)
    assert signed_in(fake, ours(fake), later_s=355)
    refused("claim-iat", lambda: signed_in(fake, ours(fake), later_s=-65))
    late = refused("claim-exp", lambda: signed_in(fake, ours(fake), later_s=365))
    assert late.measured["late_s"] == pytest.approx(65, abs=2)


def test_the_algorithm_none(fake: FakeProvider) -> None:
    fake.token = unsigned
    assert refused("algorithm", lambda: signed_in(fake, ours(fake))).measured["algorithm"] == "none"


def test_a_signature_with_the_public_key_as_secret(fake: FakeProvider) -> None:
    fake.token = lambda claims: signed_by_public_key(claims, fake.key)  # type: ignore[arg-type]
    assert refused("algorithm", lambda: signed_in(fake, ours(fake))).measured["algorithm"] == "HS256"


def test_an_algorithm_that_is_not_on_the_list(fake: FakeProvider) -> None:
    fake.algorithm = "RS512"
    refused("algorithm", lambda: signed_in(fake, ours(fake)))


def test_a_key_of_somebody_else_with_the_right_name(fake: FakeProvider) -> None:
    own = ours(fake)
    signed_in(fake, own)
    stolen = fake.key.as_dict(private=True)
    fake.key = RSAKey.import_key(RSAKey.generate_key(2048).as_dict(private=True) | {"kid": stolen["kid"]})
    refused("signature", lambda: signed_in(fake, own))


def test_the_provider_changes_its_keys(fake: FakeProvider) -> None:
    own = ours(fake)
    signed_in(fake, own)
    fake.rotate()
    assert signed_in(fake, own)["sub"] == "17"
    assert fake.asked.count("/keys") == 2


def test_a_key_that_nobody_knows_is_asked_for_once(fake: FakeProvider) -> None:
    own = ours(fake)
    signed_in(fake, own)
    fake.token = lambda claims: signed({"alg": "RS256", "kid": "lost"}, claims, fake.key)
    asked = fake.asked.count("/keys")
    refused("key-unknown", lambda: signed_in(fake, own))
    assert fake.asked.count("/keys") == asked + 1


def test_a_token_without_the_name_of_its_key(fake: FakeProvider) -> None:
    fake.token = lambda claims: signed({"alg": "RS256"}, claims, fake.key)
    assert signed_in(fake, ours(fake))["sub"] == "17"


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "ä.ö.ü", "e30.e30.e30", "W10.e30.e30"])
def test_a_token_that_is_none(fake: FakeProvider, token: str) -> None:
    fake.token = lambda claims: token
    with pytest.raises(OidcError) as caught:
        signed_in(fake, ours(fake))
    assert caught.value.measured["reason"] in ("token-malformed", "algorithm")


def test_an_issuer_of_another_name(fake: FakeProvider) -> None:
    fake.told = {"issuer": f"{fake.issuer}/"}
    assert fake.issuer in refused("issuer", lambda: ours(fake).begin(BACK, "/", time.time())).message


@pytest.mark.parametrize("address", ["http://sso.example/token", "file:///etc/passwd", None, 7])
def test_secrets_are_sent_over_https_alone(fake: FakeProvider, address: object) -> None:
    fake.told = {"token_endpoint": address}
    refused("discovery", lambda: ours(fake).begin(BACK, "/", time.time()))


def test_a_code_is_spent_once(fake: FakeProvider) -> None:
    own, now = ours(fake), time.time()
    address, kept = own.begin(BACK, "/map", now)
    code, state = fake.authorize(address)
    pending = own.unseal(kept, state, now)
    own.finish(pending, code, now)
    error = refused("refused", lambda: own.finish(pending, code, now))
    assert (error.measured["status"], error.measured["error"]) == (400, "invalid_grant")


def test_a_code_alone_is_worth_nothing(fake: FakeProvider) -> None:
    own, now = ours(fake), time.time()
    code, _ = fake.authorize(own.begin(BACK, "/map", now)[0])
    address, kept = own.begin(BACK, "/map", now)
    thief = own.unseal(kept, fake.authorize(address)[1], now)
    assert refused("refused", lambda: own.finish(thief, code, now)).measured["error"] == "invalid_grant"


def test_the_secret_is_shown_as_the_provider_takes_it(fake: FakeProvider) -> None:
    fake.told = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert signed_in(fake, ours(fake))["sub"] == "17"
    fake.told = {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}
    refused("discovery", lambda: ours(fake).begin(BACK, "/", time.time()))


def test_a_provider_that_is_down_is_left_alone_for_some_seconds(fake: FakeProvider) -> None:
    own, now = ours(fake), time.time()
    fake.down = True
    for _ in range(3):
        assert refused("refused", lambda: own.begin(BACK, "/", now)).measured["status"] == 503
    assert len(fake.asked) == 1
    fake.down = False
    assert own.begin(BACK, "/", now + 6)
    refused("unreachable", lambda: Provider(Client("http://127.0.0.1:9", CLIENT_ID, SECRET)).begin(BACK, "/", now))


def test_claims_are_found_by_name_and_by_path() -> None:
    claims = {"groups": "a", "realm_access": {"roles": ["b", 3, "c"]}, "https://x.y/roles": ["d"]}
    assert words_at(claims, "groups") == ["a"]
    assert words_at(claims, "realm_access.roles") == ["b", "c"]
    assert words_at(claims, "https://x.y/roles") == ["d"]
    assert words_at(claims, "groups.roles") == words_at(claims, "none") == []
    assert claim_at(claims, "realm_access.none") is None


def test_subjects_fit_where_they_are_stored() -> None:
    assert subject_of({"iss": "https://sso.example", "sub": "17"}) == "https://sso.example#17"
    long = [subject_of({"iss": "https://sso.example", "sub": "x" * 250 + end}) for end in "ab"]
    assert len(set(long)) == 2 and all(len(one) <= 255 for one in long)


# --- who comes in --------------------------------------------------------------------------------

ROLES: dict[str, Any] = {
    "roles_claim": "realm.groups",
    "roles": {"k-officer": Role.OFFICER, "k-admin": "administrator"},
}


@pytest.fixture
def bureau(tmp_path: Path, fake: FakeProvider) -> Iterator[Callable[..., Services]]:
    """A service with a sign-in at the provider."""
    opened: list[Services] = []

    def make(**more: Any) -> Services:
        told = Oidc(issuer=fake.issuer, client_id=CLIENT_ID, client_secret=SecretStr(SECRET), **more)
        settings = Settings(data=tmp_path, auth=Auth(oidc=told))
        opened.append(open_services(settings) if not opened else replace(opened[0], settings=settings))
        return opened[-1]

    yield make
    opened[0].close()


def come_in(services: Services, fake: FakeProvider) -> Caller:
    address, kept = begin_oidc(services, BACK, "/map")
    code, state = fake.authorize(address)
    secret = finish_oidc(services, kept, code, state, HERE)
    door = Authenticator(services)
    found = door.caller("session", secret)
    door.close()
    assert found is not None
    return found


def add(services: Services, name: str, role: str = "reader", **more: Any) -> str:
    return add_person(services, Caller.local(), name, PersonFacts(roles=[role], **more)).id


def last_entry(services: Services, action: str) -> Any:
    return services.store.audit_log.page(1, action=action).items[0].entry


def said(**more: Any) -> dict[str, Any]:
    return {"sub": "17", "preferred_username": "li.wei", "name": "李伟"} | more


def test_who_was_added_comes_in_and_is_known_by_subject_from_then_on(
    bureau: Callable[..., Services], fake: FakeProvider
) -> None:
    services = bureau()
    person = add(services, "Li.Wei", "officer")
    fake.claims = said()
    assert come_in(services, fake).id == person
    assert services.store.people.get(person).subject == f"{fake.issuer}#17"
    assert last_entry(services, "person-changed").details["after"]["subject"] == f"{fake.issuer}#17"
    assert (last_entry(services, "sign-in").details["how"], last_entry(services, "sign-in").address) == (
        "oidc",
        HERE.address,
    )
    fake.claims = said(preferred_username="renamed")
    caller = come_in(services, fake)
    assert (caller.id, caller.roles) == (person, {Role.OFFICER})
    fake.claims = said(sub="18")
    refused("name-taken", lambda: come_in(services, fake))
    assert services.store.audit_log.verify()[1] is None


def test_nobody_unknown_comes_in(bureau: Callable[..., Services], fake: FakeProvider) -> None:
    services = bureau()
    fake.claims = said()
    refused("unknown-person", lambda: come_in(services, fake))
    entry = last_entry(services, "sign-in-failed")
    assert (entry.target, entry.address, entry.actor_kind) == ("li.wei", HERE.address, "nobody")
    assert (entry.details["how"], entry.details["reason"]) == ("oidc", "unknown-person")
    assert services.store.audit_log.page(1, action="sign-in").items == []


def test_an_address_counts_only_where_it_is_verified(bureau: Callable[..., Services], fake: FakeProvider) -> None:
    services = bureau()
    person = add(services, "li@bureau.example")
    for doubtful in ({}, {"email_verified": False}, {"email_verified": "true"}):
        fake.claims = said(preferred_username=None, email="li@bureau.example") | doubtful
        refused("unknown-person", lambda: come_in(services, fake))
    fake.claims = said(preferred_username=None, email="li@bureau.example", email_verified=True)
    assert come_in(services, fake).id == person


def test_nobody_inactive_comes_in_or_is_bound(bureau: Callable[..., Services], fake: FakeProvider) -> None:
    services = bureau()
    person = add(services, "li.wei")
    change_person(services, Caller.local(), person, PersonFacts(active=False))
    fake.claims = said()
    refused("inactive-person", lambda: come_in(services, fake))
    assert last_entry(services, "sign-in-failed").details["reason"] == "inactive-person"
    assert services.store.people.get(person).subject is None


def test_somebody_new_is_added_with_the_roles_of_the_claim(bureau: Callable[..., Services], fake: FakeProvider) -> None:
    services = bureau(**ROLES, create=True)
    fake.claims = said(realm={"groups": ["k-officer", "canteen"]})
    caller = come_in(services, fake)
    assert (caller.name, caller.roles, caller.scope) == ("李伟", {Role.OFFICER}, None)
    entry = last_entry(services, "person-added")
    assert (entry.target, entry.details["by"], entry.details["roles"]) == (caller.id, "oidc", ["officer"])
    assert come_in(services, fake).id == caller.id
    fake.claims = said(sub="18", preferred_username="wang", realm={"groups": ["canteen"]})
    refused("no-role", lambda: come_in(services, fake))
    assert services.store.people.named("wang") is None


def test_somebody_new_without_a_usable_name_is_called_by_the_subject(
    bureau: Callable[..., Services], fake: FakeProvider
) -> None:
    services = bureau(**ROLES, create=True)
    fake.claims = said(preferred_username="two words", name="a\u0000b", realm={"groups": "k-officer"})
    assert come_in(services, fake).name == "17"
    fake.claims |= {"sub": "no name either"}
    refused("option-range", lambda: come_in(services, fake))


def test_rights_follow_the_claims_at_every_sign_in(bureau: Callable[..., Services], fake: FakeProvider) -> None:
    services = bureau(**ROLES, areas_claim="districts")
    add(services, "chief", "administrator")
    person = add(services, "li.wei", clearance="secret")
    fake.claims = said(realm={"groups": ["k-admin"]}, districts=["north", "south"])
    caller = come_in(services, fake)
    assert (caller.roles, caller.scope) == ({Role.ADMINISTRATOR}, {"north", "south"})
    assert caller.clearance.word == "secret"
    told = last_entry(services, "person-changed").details
    assert (told["before"]["roles"], told["after"]["roles"]) == (["reader"], ["administrator"])
    assert told["after"]["areas"] == ["north", "south"]
    fake.claims |= {"districts": "*"}
    assert come_in(services, fake).scope is None
    fake.claims |= {"districts": None}
    assert come_in(services, fake).scope == frozenset()
    fake.claims |= {"districts": ["*", "north"]}
    refused("option-range", lambda: come_in(services, fake))
    fake.claims |= {"districts": ["north"], "realm": None}
    refused("no-role", lambda: come_in(services, fake))
    assert services.store.people.get(person).grant.roles == frozenset()


def test_the_last_administrator_stays(bureau: Callable[..., Services], fake: FakeProvider) -> None:
    services = bureau(**ROLES)
    person = add(services, "li.wei", "administrator")
    fake.claims = said(realm={"groups": ["k-officer"]})
    refused("conflict", lambda: come_in(services, fake))
    assert services.store.people.get(person).grant.roles == {Role.ADMINISTRATOR}


def test_without_a_provider_there_is_no_such_sign_in(tmp_path: Path) -> None:
    services = open_services(Settings(data=tmp_path))
    with pytest.raises(NotFoundError):
        begin_oidc(services, BACK, "/")
    services.close()


@pytest.mark.parametrize(
    "text",
    ["", "map", "//evil.example", "/\\evil.example", "\\/evil", "/\t/evil.example", "/\n/evil", "https://evil.example"]
    + [" /map", "/map\\..", "/a\u0000", "/a\u00a0", "/" + "a" * 1000, "/" + "今" * 400],
)
def test_next_leads_nowhere_else(text: str) -> None:
    with pytest.raises(BadQueryError):
        checked_next(text)


@pytest.mark.parametrize("text", ["/", "/map", "/map?day=1&to=//x#top", "/今天"])
def test_next_leads_to_pages(text: str) -> None:
    assert checked_next(text) == text


# --- over HTTP -----------------------------------------------------------------------------------


def served(services: Services, scheme: str) -> Any:
    app = create_app(services.settings)
    app.state.services, app.state.authenticator, app.state.sights = services, Authenticator(services), Sights(services)
    return TestClient(app, base_url=f"{scheme}://kancha.example", follow_redirects=False)


def cookies(answer: Any) -> dict[str, str]:
    return {line.partition("=")[0]: line.lower() for line in answer.headers.get_list("set-cookie")}


@pytest.mark.parametrize(("scheme", "prefix"), [("https", "__Host-"), ("http", "")])
def test_a_browser_there_and_back(
    bureau: Callable[..., Services], fake: FakeProvider, scheme: str, prefix: str
) -> None:
    services = bureau()
    add(services, "li.wei", "officer")
    fake.claims = said()
    client = served(services, scheme)
    there = client.get("/sign-in/oidc", params={"next": "/map?day=今天"})
    assert (there.status_code, there.headers["cache-control"]) == (303, "no-store")
    kept = cookies(there)[f"{prefix}kancha_oidc"]
    assert f"max-age={PENDING_S}" in kept
    code, state = fake.authorize(there.headers["location"])
    back = client.get("/sign-in/oidc/return", params={"code": code, "state": state, "session_state": "x", "iss": "y"})
    assert (back.status_code, urlsplit(back.headers["location"]).netloc) == (303, "")
    assert back.headers["location"] == "/map?day=%E4%BB%8A%E5%A4%A9"
    told = cookies(back)
    session = told[f"{prefix}kancha_session"]
    for cookie in (kept, session, told[f"{prefix}kancha_oidc"]):
        assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/"))
        assert ("secure" in cookie) == (scheme == "https")
        assert "domain" not in cookie
    assert "max-age=0" in told[f"{prefix}kancha_oidc"]
    assert "max-age" not in session
    again = client.get("/sign-in/oidc/return", params={"code": code, "state": state})
    assert (again.status_code, again.json()["measured"]["reason"]) == (401, "pending")


def test_a_refusal_is_a_page_for_people_and_a_problem_for_programs(
    bureau: Callable[..., Services], fake: FakeProvider
) -> None:
    client = served(bureau(), "https")
    _, state = fake.authorize(client.get("/sign-in/oidc").headers["location"])
    told = {"error": "access_denied", "error_description": "<b>", "state": state}
    page = client.get("/sign-in/oidc/return", params=told, headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "access_denied" in page.text and "<b>" not in page.text and "/sign-in" in page.text
    assert "kancha_session" not in str(cookies(page)) and "max-age=0" in cookies(page)["__Host-kancha_oidc"]
    problem = client.get("/sign-in/oidc/return", params={"code": "x", "state": "y"})
    assert (problem.status_code, problem.json()["code"]) == (401, "oidc-failed")
    assert problem.json()["title_zh"] == OidcError.title_zh
    assert client.get("/sign-in/oidc", params={"next": "//evil.example"}).json()["code"] == BadQueryError.code


def test_while_the_provider_is_down_the_page_leads_to_passwords(
    bureau: Callable[..., Services], fake: FakeProvider
) -> None:
    fake.down = True
    page = served(bureau(), "https").get("/sign-in/oidc", headers={"accept": "text/html"})
    assert page.status_code == 401 and "/sign-in" in page.text


def test_a_name_alone_takes_over_nobody_who_has_a_password(bureau: Callable[..., Services], fake: FakeProvider) -> None:
    services = bureau()
    person = add(services, "li.wei", "administrator")
    set_password(services, Caller.local(), person, "correct horse battery")
    fake.claims = said()
    refused("has-password", lambda: come_in(services, fake))
    assert services.store.people.get(person).subject is None
