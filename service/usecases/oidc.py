"""Signing in by the bureau's own provider (OpenID Connect)."""

from __future__ import annotations

import time
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from geodata.errors import OptionError
from service.auth.caller import Grant
from service.auth.oidc import Client, Pending, Provider, provider, subject_of, words_at
from service.auth.people import Person
from service.auth.record import entry_by
from service.auth.roles import Role
from service.errors import ConflictError, NotFoundError, OidcError
from service.services import Services
from service.settings import Oidc
from service.usecases.people import checked_name, parse_areas, told_person
from service.usecases.session import Browser, begin_session, checked_next


def begin_oidc(services: Services, redirect_uri: str, next: str) -> tuple[str, str]:
    """Begin a sign-in at the provider.

    Args:
        services: The service.
        redirect_uri: Where the provider sends the browser back to.
        next: Where the person wanted to go.

    Returns:
        Where to send the browser, and what it keeps until it comes back.

    Raises:
        NotFoundError: If there is no such sign-in here.
        BadQueryError: If `next` does not lead to a page of this service.
        OidcError: If the provider does not answer.
    """
    return _provider(services).begin(redirect_uri, checked_next(next), time.time())


def open_pending(services: Services, kept: str, state: str) -> Pending:
    """What the browser has kept of a sign-in.

    Raises:
        NotFoundError: If there is no such sign-in here.
        OidcError: If it is unreadable, too old, or of another sign-in.
    """
    return _provider(services).unseal(kept, state, time.time())


def finish_oidc(services: Services, pending: str, code: str, state: str, browser: Browser) -> str:
    """The secret of the session of whom the provider vouches for.

    Args:
        services: The service.
        pending: What the browser has kept.
        code: What the provider gave the browser.
        state: What came back with it.
        browser: From where and with what they come.

    Raises:
        NotFoundError: If there is no such sign-in here.
        OidcError: If the provider is not to be believed, or the person may not come in.
    """
    kept = open_pending(services, pending, state)
    claims = _provider(services).finish(kept, code, time.time())
    try:
        person = _let_in(services, claims)
    except OidcError as error:
        # only now it is known that somebody real was refused: what comes before anybody can bring about
        target, now = (_names(claims) or [str(claims["sub"])])[0], datetime.now(UTC)
        told = {"how": "oidc", "reason": error.measured.get("reason", ""), "subject": subject_of(claims)}
        services.store.audit_log.append(
            entry_by(None, now, "sign-in-failed", target[:120], address=browser.address, **told)
        )
        raise
    return begin_session(services, person, browser, "oidc")


def _provider(services: Services) -> Provider:
    told = services.settings.auth.oidc
    if not told.issuer or told.client_secret is None:
        raise NotFoundError(
            "There is no sign-in by OpenID Connect here.", remedy="An administrator sets KANCHA_AUTH__OIDC__ISSUER."
        )
    return provider(Client(told.issuer, told.client_id, told.client_secret.get_secret_value(), told.scopes))


# --- who it is, and what they may do -------------------------------------------------------------


def _let_in(services: Services, claims: Mapping[str, Any]) -> Person:
    """Who has signed in, with the rights that the claims give now."""
    told, subject = services.settings.auth.oidc, subject_of(claims)
    before = services.store.people.of_subject(subject) or _unbound(services, claims)
    if before is None and not told.create:
        raise OidcError(
            f"Nobody here is called {' or '.join(_names(claims))[:120] or 'so'}.",
            remedy="Let an administrator add you under the name that you have at the provider.",
            reason="unknown-person",
        )
    if before is not None and not before.active:
        raise OidcError(f"{before.name} may not sign in.", remedy="Ask an administrator.", reason="inactive-person")
    try:
        grant = _granted(told, claims, Grant(frozenset()) if before is None else before.grant)
        if before is None:
            return _added(services, claims, grant)
        return _changed(services, before, replace(before, grant=grant, subject=subject))
    except (ConflictError, OptionError) as error:
        raise OidcError(error.message, remedy=error.remedy, reason=error.code) from error


def _unbound(services: Services, claims: Mapping[str, Any]) -> Person | None:
    """Whom an administrator added under a name of the claims, and who signs in so for the first time."""
    for name in _names(claims):
        found = services.store.people.named(name)
        if found is None:
            continue
        if found.subject is not None:
            raise OidcError(
                f"{found.name} belongs to another account of the provider.",
                remedy="Let an administrator add you under another name.",
                reason="name-taken",
            )
        if services.store.people.password_hash(found.id) is not None:
            # the first administrator, or somebody who has come in already: a name alone does not make one them
            raise OidcError(
                f"{found.name} signs in with a password.",
                remedy="Sign in with it, or let an administrator add you under another name.",
                reason="has-password",
            )
        return found
    return None


def _names(claims: Mapping[str, Any]) -> list[str]:
    """What somebody may be called here. An address counts only where the provider has verified it."""
    told = [claims.get("preferred_username"), claims.get("email") if claims.get("email_verified") is True else None]
    found = []
    for name in told:
        try:
            found.append(checked_name(name if isinstance(name, str) else ""))
        except OptionError:
            continue
    return found


def _granted(told: Oidc, claims: Mapping[str, Any], before: Grant) -> Grant:
    """The rights of a person: as they were, or as the claims say."""
    if not told.roles_claim:
        return before
    roles = frozenset(Role(told.roles[word]) for word in words_at(claims, told.roles_claim) if word in told.roles)
    if not told.areas_claim:
        return replace(before, roles=roles)
    return replace(before, roles=roles, areas=parse_areas(words_at(claims, told.areas_claim)))


def _added(services: Services, claims: Mapping[str, Any], grant: Grant) -> Person:
    now, names = datetime.now(UTC), _names(claims)
    if not grant.roles:
        raise _roleless(services.settings.auth.oidc, "Somebody new")
    name = names[0] if names else checked_name(str(claims["sub"]))
    person = Person(uuid.uuid4().hex, name, _shown(claims, name), grant, now, subject=subject_of(claims))
    services.store.people.add(
        person, None, entry_by(None, now, "person-added", person.id, by="oidc", **told_person(person))
    )
    return person


def _changed(services: Services, before: Person, after: Person) -> Person:
    """Keep what the claims changed, and let nobody in who has no role any more."""
    if after != before:
        told: dict[str, Any] = {"by": "oidc", "before": told_person(before), "after": told_person(after)}
        entry = entry_by(None, datetime.now(UTC), "person-changed", after.id, **told)
        services.store.people.change(after, entry)
    if not after.grant.roles:
        raise _roleless(services.settings.auth.oidc, after.name)
    return after


def _roleless(told: Oidc, name: str) -> OidcError:
    claim = f"the claim {told.roles_claim} names none of the {len(told.roles)} values that give one"
    return OidcError(
        f"{name} has no role here: {claim if told.roles_claim else 'none was given'}.",
        remedy="Ask whoever gives the roles.",
        reason="no-role",
    )


def _shown(claims: Mapping[str, Any], name: str) -> str:
    """How somebody is called: what the provider says, if it can be shown."""
    told = claims.get("name")
    shown = unicodedata.normalize("NFC", " ".join(told.split())) if isinstance(told, str) else ""
    return shown if 1 <= len(shown) <= 120 and shown.isprintable() else name
