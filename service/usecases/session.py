"""Signing in and out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.auth.caller import Caller
from service.auth.passwords import verify_password
from service.auth.patience import subjects
from service.auth.people import Person, Session, caller_of_person
from service.auth.record import entry_by
from service.auth.tokens import digest, new_token
from service.errors import BadQueryError, LinkError, SignInError, TooManyRequestsError
from service.services import Services
from service.usecases.people import open_link, set_password

_LONGEST_NEXT = 1000
"""Bytes: the cookie that holds it has room for some 3000."""


@dataclass(frozen=True)
class Browser:
    """From where and with what somebody comes.

    Args:
        address: Address.
        agent: What the browser calls itself.
    """

    address: str = ""
    agent: str = ""


def sign_in(services: Services, name: str, password: str, browser: Browser) -> tuple[str, Person]:
    """Begin a session.

    Returns:
        The secret of the session, for the cookie alone, and who signed in.

    Raises:
        TooManyRequestsError: If there were failures, and it is too early for the next attempt.
        SignInError: If name and password do not belong together, whichever is wrong.
    """
    person = _who(services, name, password, browser)
    return begin_session(services, person, browser, "password"), person


def change_own_password(services: Services, by: Caller, old: str, new: str, browser: Browser) -> None:
    """Set another password; every session of the person ends. Wrong old ones are counted as failed sign-ins are.

    Raises:
        TooManyRequestsError: If there were failures, and it is too early for the next attempt.
        SignInError: If the old one is wrong.
        PasswordError: If the new one is weak.
    """
    if by.kind != "person":
        raise SignInError("Only people have passwords.", remedy="Sign in with your name.")
    person = _who(services, services.store.people.get(by.id).name, old, browser)
    set_password(services, by, person.id, new)


def _who(services: Services, name: str, password: str, browser: Browser) -> Person:
    """Whose name and password they are; failures are counted and recorded."""
    store, now = services.store, datetime.now(UTC)
    counted = subjects(name, browser.address)
    # counted before it is looked at, in one step with the wait: of many at once one is looked at
    wait = store.access.begin_attempt(counted, now)
    if wait > 0:
        raise TooManyRequestsError(
            f"There were failed attempts: the next is looked at in {wait:.0f} s.",
            remedy="Wait so long. An administrator can give you a link for a new password.",
            retry_after_s=int(wait) + 1,
        )
    person = store.people.named(name)
    stored = None if person is None else store.people.password_hash(person.id)
    good, anew = verify_password(stored, password, services.settings.auth.cost)
    if person is None or not good or not person.active:
        store.audit_log.append(entry_by(None, now, "sign-in-failed", name.strip()[:120], address=browser.address))
        raise SignInError("Name and password do not belong together.", remedy="Check both, and the caps lock.")
    # only what this very person did wrong: a guesser who has one account must not reset the count of an address
    store.access.end_attempt(
        [s for s in counted if not s.startswith("address:")], [s for s in counted if s.startswith("address:")]
    )
    if anew is not None:
        store.people.set_password(person.id, anew, now, None)
    return person


def begin_session(services: Services, person: Person, browser: Browser, how: str) -> str:
    """The secret of a new session of somebody who has shown who they are."""
    secret, now = new_token(), datetime.now(UTC)
    session = Session(
        id=digest(secret),
        person_id=person.id,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(seconds=services.settings.auth.session_max_s),
        address=browser.address[:64],
        agent=browser.agent[:255],
    )
    by = caller_of_person(person)
    entry = entry_by(by, now, "sign-in", person.id, address=browser.address, how=how)
    services.store.access.open_session(session, entry)
    return secret


def sign_in_by_link(services: Services, secret: str, browser: Browser) -> str:
    """Begin a session by a link that works once and was made for a demonstration.

    Raises:
        LinkError: If it opens nothing any more, or is none of these.
    """
    link, person = open_link(services, secret)
    used = None
    if link.purpose == "demo" and person is not None and person.active:
        used = services.store.access.use_link(link.digest, datetime.now(UTC))
    if used is None or person is None:
        raise LinkError("The link signs nobody in.", remedy="Ask for a new one.")
    return begin_session(services, person, browser, "link")


def sign_out(services: Services, secret: str, browser: Browser) -> None:
    """End a session of the caller."""
    now, who = datetime.now(UTC), services.caller
    entry = entry_by(who, now, "sign-out", who.id, address=browser.address)
    services.store.access.end_session(digest(secret), now, entry)


def checked_next(text: str) -> str:
    """Where to go after the sign-in: a path of this service, never another one.

    Raises:
        BadQueryError: If it may lead elsewhere.
    """
    # browsers read \ as / and pass over tabs and line ends: /\host, /<tab>/host and //host are other places
    plain = text.startswith("/") and not text.startswith("//") and "\\" not in text
    if not plain or not text.isprintable() or len(text.encode()) > _LONGEST_NEXT:
        raise BadQueryError(
            f"next={text[:80]!r} is no path of this service.",
            remedy=f"Begin it with a single /, without \\ and in at most {_LONGEST_NEXT} bytes.",
        )
    return text
