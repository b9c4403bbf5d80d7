"""People in tables: who they are, their rights, and the hashes of their passwords."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from service.auth.caller import Grant, parse_clearance
from service.auth.people import Person
from service.auth.record import Entry
from service.auth.roles import Permission, Role
from service.errors import ConflictError, LinkError, NotFoundError
from service.store.database import Database
from service.store.records import Page
from service.store.schema import credentials, one_time_links, people, sessions
from service.store.sql_audit_log import append

_PLAIN = ("id", "name", "display_name", "active", "subject", "created_at")


class SqlPeople:
    """People.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, person: Person, password_hash: str | None, entry: Entry, *, link: str | None = None) -> None:
        """Store a person.

        Raises:
            ConflictError: If the name, or the subject, is taken.
            LinkError: If a link is given that opens nothing any more, or there is an administrator already.
        """
        try:
            with self._db.write("people") as connection:
                if link is not None:
                    _use_first_link(connection, link, entry.at)
                connection.execute(sa.insert(people).values(_values(person)))
                if password_hash is not None:
                    told = {"person_id": person.id, "password_hash": password_hash, "changed_at": entry.at}
                    connection.execute(sa.insert(credentials).values(told))
                append(connection, entry)
        except IntegrityError as error:
            raise _taken(person) from error

    def get(self, person_id: str) -> Person:
        """One person.

        Raises:
            NotFoundError: Without them.
        """
        found = self._one(people.c.id == person_id)
        if found is None:
            raise NotFoundError(f"There is no person {person_id[:80]!r}.", remedy="GET /people lists them.")
        return found

    def named(self, name: str) -> Person | None:
        """Who signs in with a name, whatever the case."""
        return self._one(people.c.name_key == name_key(name))

    def of_subject(self, subject: str) -> Person | None:
        """Who somebody is to the bureau's own sign-in."""
        return self._one(people.c.subject == subject)

    def page(self, limit: int, after_key: int = 0) -> Page[Person]:
        """People in the order of their coming."""
        wanted = sa.select(people).where(people.c.seq > after_key).order_by(people.c.seq).limit(limit + 1)
        with self._db.read() as connection:
            matched = connection.execute(sa.select(sa.func.count()).select_from(people)).scalar_one()
            rows = connection.execute(wanted).all()
        following = rows[limit - 1].seq if len(rows) > limit else None
        return Page([person_of(row._mapping) for row in rows[:limit]], matched, following)

    def change(self, person: Person, entry: Entry) -> None:
        """Replace a person's facts; somebody who may no longer sign in is signed out.

        Raises:
            NotFoundError: Without them.
            ConflictError: If the name is taken, or no active administrator would be left.
        """
        try:
            with self._db.write("people") as connection:
                before = _administrators(connection)
                done = connection.execute(sa.update(people).where(people.c.id == person.id).values(_values(person)))
                if done.rowcount == 0:
                    raise NotFoundError(f"There is no person {person.id[:80]!r}.", remedy="GET /people lists them.")
                if before and not _administrators(connection):
                    raise ConflictError(
                        f"{person.name} is the last administrator.", remedy="Make somebody else administrator first."
                    )
                if not person.active:
                    _end_sessions(connection, person.id, entry.at)
                    _spend_links(connection, person.id, entry.at)
                append(connection, entry)
        except IntegrityError as error:
            raise _taken(person) from error

    def has_administrator(self) -> bool:
        """Whether an active person may give rights."""
        with self._db.read() as connection:
            return _administrators(connection) > 0

    def password_hash(self, person_id: str) -> str | None:
        """What is stored of a password."""
        wanted = sa.select(credentials.c.password_hash).where(credentials.c.person_id == person_id)
        with self._db.read() as connection:
            return connection.execute(wanted).scalar_one_or_none()

    def set_password(self, person_id: str, password_hash: str, at: datetime, entry: Entry | None) -> None:
        """Store a password's hash; with an entry every session of the person ends."""
        values = {"password_hash": password_hash, "changed_at": at}
        with self._db.write("people") as connection:
            own = credentials.c.person_id == person_id
            if connection.execute(sa.update(credentials).where(own).values(values)).rowcount == 0:
                connection.execute(sa.insert(credentials).values(person_id=person_id, **values))
            if entry is not None:
                _end_sessions(connection, person_id, at)
                _spend_links(connection, person_id, at)
                append(connection, entry)

    def _one(self, where: sa.ColumnElement[bool]) -> Person | None:
        with self._db.read() as connection:
            row = connection.execute(sa.select(people).where(where)).first()
        return None if row is None else person_of(row._mapping)


def name_key(name: str) -> str:
    """What a name is found by: whatever the case."""
    return name.strip().casefold()[:255]


def grant_values(grant: Grant) -> dict[str, Any]:
    """Rights as columns."""
    return {
        "roles": sorted(role.value for role in grant.roles),
        "areas": None if grant.areas is None else sorted(grant.areas),
        "clearance": grant.clearance.word,
        "permissions": None if grant.only is None else sorted(one.value for one in grant.only),
    }


def grant_of(row: Mapping[Any, Any], prefix: str = "") -> Grant:
    """Rights from columns."""
    areas, only = row[f"{prefix}areas"], row[f"{prefix}permissions"]
    return Grant(
        frozenset(Role(name) for name in row[f"{prefix}roles"]),
        None if areas is None else frozenset(areas),
        parse_clearance(row[f"{prefix}clearance"]),
        None if only is None else frozenset(Permission(name) for name in only),
    )


def person_of(row: Mapping[Any, Any], prefix: str = "") -> Person:
    """A person from columns."""
    return Person(**{name: row[f"{prefix}{name}"] for name in _PLAIN}, grant=grant_of(row, prefix))


def _values(person: Person) -> dict[str, Any]:
    plain = {name: getattr(person, name) for name in _PLAIN}
    return plain | grant_values(person.grant) | {"name_key": name_key(person.name)}


def _taken(person: Person) -> ConflictError:
    return ConflictError(
        f"There is somebody named {person.name!r} already.", remedy="Choose another name, or change that person."
    )


def _administrators(connection: sa.Connection) -> int:
    rows = connection.execute(sa.select(people).where(people.c.active))
    return len([row for row in rows if Permission.PEOPLE in grant_of(row._mapping).permissions])


def _end_sessions(connection: sa.Connection, person_id: str, at: datetime) -> None:
    theirs = sa.and_(sessions.c.person_id == person_id, sessions.c.revoked_at.is_(None))
    connection.execute(sa.update(sessions).where(theirs).values(revoked_at=at))


def _spend_links(connection: sa.Connection, person_id: str, at: datetime) -> None:
    """Links for a password open nothing any more once there is another password."""
    theirs = sa.and_(one_time_links.c.person_id == person_id, one_time_links.c.used_at.is_(None))
    connection.execute(sa.update(one_time_links).where(theirs).values(used_at=at))


def _use_first_link(connection: sa.Connection, digest: str, at: datetime) -> None:
    good = sa.and_(
        one_time_links.c.digest == digest,
        one_time_links.c.purpose == "first",
        one_time_links.c.used_at.is_(None),
        one_time_links.c.expires_at > at,
    )
    used = connection.execute(sa.update(one_time_links).where(good).values(used_at=at)).rowcount
    if used != 1 or _administrators(connection):
        raise LinkError(
            "The link for the first administrator was used, has run out, or is not needed.",
            remedy="Sign in, or start the service again: it prints a new link while there is no administrator.",
        )
