"""Sessions, keys, links that work once, and failed attempts to sign in, in tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from service.auth.patience import Failures, Patience
from service.auth.people import ApiKey, OnceLink, Person, Session
from service.auth.record import Entry
from service.errors import NotFoundError
from service.store.database import Database
from service.store.records import Page
from service.store.schema import api_keys, login_failures, one_time_links, people, sessions
from service.store.sql_audit_log import append
from service.store.sql_people import grant_of, grant_values, person_of

_SESSION = tuple(c.name for c in sessions.c)
_LINK = tuple(c.name for c in one_time_links.c)
_KEY = ("id", "digest", "name", "created_at", "expires_at", "owner_id", "revoked_at", "used_at")
_PERSON = [c.label(f"who_{c.name}") for c in people.c]


class SqlAccess:
    """What lets people and other systems in.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def open_session(self, session: Session, entry: Entry) -> None:
        """Store a session."""
        with self._db.write("people") as connection:
            connection.execute(sa.insert(sessions).values({name: getattr(session, name) for name in _SESSION}))
            append(connection, entry)

    def session(self, digest: str) -> tuple[Session, Person] | None:
        """A session and who signed in."""
        both = sessions.join(people, people.c.id == sessions.c.person_id)
        wanted = sa.select(sessions, *_PERSON).select_from(both).where(sessions.c.id == digest)
        with self._db.read() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            return None
        told = row._mapping
        return Session(**{name: told[name] for name in _SESSION}), person_of(told, "who_")

    def end_session(self, digest: str, at: datetime, entry: Entry) -> None:
        """End a session."""
        with self._db.write("people") as connection:
            connection.execute(sa.update(sessions).where(sessions.c.id == digest).values(revoked_at=at))
            append(connection, entry)

    def add_key(self, key: ApiKey, entry: Entry) -> None:
        """Store a key."""
        values = {name: getattr(key, name) for name in _KEY} | grant_values(key.grant)
        with self._db.write("people") as connection:
            connection.execute(sa.insert(api_keys).values(values))
            append(connection, entry)

    def key(self, digest: str) -> tuple[ApiKey, Person | None] | None:
        """A key by the digest of its secret, and its owner."""
        both = api_keys.outerjoin(people, people.c.id == api_keys.c.owner_id)
        wanted = sa.select(api_keys, *_PERSON).select_from(both).where(api_keys.c.digest == digest)
        with self._db.read() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            return None
        told = row._mapping
        return _key(told), None if told["who_id"] is None else person_of(told, "who_")

    def keys(self, limit: int, after_key: int = 0) -> Page[ApiKey]:
        """Keys, the latest first."""
        older = sa.true() if after_key == 0 else api_keys.c.seq < after_key
        wanted = sa.select(api_keys).where(older).order_by(api_keys.c.seq.desc()).limit(limit + 1)
        with self._db.read() as connection:
            matched = connection.execute(sa.select(sa.func.count()).select_from(api_keys)).scalar_one()
            rows = connection.execute(wanted).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([_key(row._mapping) for row in rows[:limit]], matched, following)

    def revoke_key(self, key_id: str, at: datetime, entry: Entry) -> ApiKey:
        """End a key for ever; one that is revoked already stays so.

        Raises:
            NotFoundError: Without it.
        """
        own = api_keys.c.id == key_id
        with self._db.write("people") as connection:
            alive = sa.and_(own, api_keys.c.revoked_at.is_(None))
            done = connection.execute(sa.update(api_keys).where(alive).values(revoked_at=at)).rowcount
            row = connection.execute(sa.select(api_keys).where(own)).first()
            if row is None:
                raise NotFoundError(f"There is no key {key_id[:80]!r}.", remedy="GET /keys lists them.")
            if done:
                append(connection, entry)
        return _key(row._mapping)

    def seen(self, kind: Literal["session", "key"], digest: str, at: datetime) -> None:
        """Note that a session or a key was used."""
        statement = (
            sa.update(sessions).where(sessions.c.id == digest, sessions.c.seen_at < at).values(seen_at=at)
            if kind == "session"
            else sa.update(api_keys).where(api_keys.c.digest == digest).values(used_at=at)
        )
        with self._db.write("seen") as connection:
            connection.execute(statement)

    def forget_ended(self, before: datetime) -> int:
        """Drop sessions and links that ended before a time, and failed attempts of before it; how many."""
        ended = sa.or_(sessions.c.expires_at < before, sessions.c.revoked_at < before, sessions.c.seen_at < before)
        with self._db.write("people") as connection:
            done = connection.execute(sa.delete(sessions).where(ended)).rowcount
            done += connection.execute(sa.delete(one_time_links).where(one_time_links.c.expires_at < before)).rowcount
            return (
                done + connection.execute(sa.delete(login_failures).where(login_failures.c.last_at < before)).rowcount
            )

    def add_link(self, link: OnceLink, entry: Entry) -> None:
        """Store a link that works once; for the first administrator it replaces the unused ones."""
        with self._db.write("people") as connection:
            if link.purpose == "first":
                unused = sa.and_(one_time_links.c.purpose == "first", one_time_links.c.used_at.is_(None))
                connection.execute(sa.delete(one_time_links).where(unused))
            connection.execute(sa.insert(one_time_links).values({name: getattr(link, name) for name in _LINK}))
            append(connection, entry)

    def link(self, digest: str) -> OnceLink | None:
        """A link."""
        with self._db.read() as connection:
            return _link(connection, digest)

    def use_link(self, digest: str, at: datetime) -> OnceLink | None:
        """Use a link up; None where it opens nothing any more. Of two that try at once one succeeds."""
        good = sa.and_(
            one_time_links.c.digest == digest,
            one_time_links.c.used_at.is_(None),
            one_time_links.c.expires_at > at,
        )
        with self._db.write("people") as connection:
            if connection.execute(sa.update(one_time_links).where(good).values(used_at=at)).rowcount != 1:
                return None
            return _link(connection, digest)

    def begin_attempt(self, subjects: Mapping[str, Patience], at: datetime) -> float:
        """Count an attempt to sign in as failed before it is looked at; or how long it has to wait, and it is not."""
        with self._db.write("seen") as connection:
            wanted = sa.select(login_failures).where(login_failures.c.subject.in_(list(subjects)))
            known = {
                row.subject: Failures(row._mapping["count"], row.last_at) for row in connection.execute(wanted).all()
            }
            wait = max(patience.wait_s(known.get(subject), at) for subject, patience in subjects.items())
            if wait > 0:
                return wait
            for subject, patience in subjects.items():
                last = known.get(subject)
                own = login_failures.c.subject == subject
                if last is None:
                    connection.execute(sa.insert(login_failures).values(subject=subject, count=1, last_at=at))
                else:
                    count = 1 if patience.forgets(last, at) else last.count + 1
                    connection.execute(sa.update(login_failures).where(own).values(count=count, last_at=at))
        return 0.0

    def end_attempt(self, forgotten: Iterable[str], taken_back: Iterable[str]) -> None:
        """An attempt was good: some failures are forgotten, of others only this one is taken back."""
        with self._db.write("seen") as connection:
            connection.execute(sa.delete(login_failures).where(login_failures.c.subject.in_(list(forgotten))))
            less = login_failures.c["count"] - 1
            own = login_failures.c.subject.in_(list(taken_back))
            connection.execute(sa.update(login_failures).where(own).values(count=less))


def _key(row: Mapping[Any, Any]) -> ApiKey:
    return ApiKey(**{name: row[name] for name in _KEY}, grant=grant_of(row))


def _link(connection: sa.Connection, digest: str) -> OnceLink | None:
    row = connection.execute(sa.select(one_time_links).where(one_time_links.c.digest == digest)).first()
    return None if row is None else OnceLink(**{name: getattr(row, name) for name in _LINK})
