"""What the use cases ask of a store about people: who they are, how they come in, what was done, personal data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from service.auth.patience import Patience
from service.auth.people import ApiKey, OnceLink, Person, Session
from service.auth.record import Break, Entry, Head, Sealed
from service.store.records import Page


class PersonalStore(Protocol):
    """Sealed personal values of layer features."""

    def of(self, version_id: str, fid: str) -> str | None:
        """The sealed personal values of a feature; None without any; `NotFoundError` without the feature."""

    def sealed(self, after_key: int, limit: int) -> Sequence[tuple[int, str, str, str]]:
        """Key, version, id and sealed values of the features behind a key that have some."""

    def reseal(self, values: Mapping[int, str]) -> None:
        """Put other seals in the place of those of some features, by their key; what was erased meanwhile stays so."""

    def erase(self, kind: str, fid: str, entry: Entry) -> Sequence[str]:
        """Erase the personal values of a feature in all versions of a kind; the ids of the versions that had some."""

    def erase_version(self, version_id: str, entry: Entry) -> None:
        """Erase all personal values of a version, and what opens its file."""

    def keep_file_key(self, version_id: str, sealed: str | None) -> None:
        """Put another seal in the place of that of a version's file; None: nothing opens it any more."""


class PeopleStore(Protocol):
    """People. Every change is recorded in the same step, where an entry is given."""

    def add(self, person: Person, password_hash: str | None, entry: Entry, *, link: str | None = None) -> None:
        """Store a person; `ConflictError` if the name is taken.

        With the digest of a link for the first administrator the link is used up in the same step; `LinkError` if it
        opens nothing any more or there is an administrator already.
        """

    def get(self, person_id: str) -> Person:
        """One person; `NotFoundError` without them."""

    def named(self, name: str) -> Person | None:
        """Who signs in with a name, whatever the case."""

    def of_subject(self, subject: str) -> Person | None:
        """Who somebody is to the bureau's own sign-in."""

    def page(self, limit: int, after_key: int = 0) -> Page[Person]:
        """People in the order of their coming."""

    def change(self, person: Person, entry: Entry) -> None:
        """Replace a person's facts; `ConflictError` if no active administrator would be left."""

    def has_administrator(self) -> bool:
        """Whether an active person may give rights."""

    def password_hash(self, person_id: str) -> str | None:
        """What is stored of a password."""

    def set_password(self, person_id: str, password_hash: str, at: datetime, entry: Entry | None) -> None:
        """Store a password's hash; with an entry every session of the person ends."""


class AccessStore(Protocol):
    """Sessions, keys, links that work once, and failed attempts to sign in."""

    def open_session(self, session: Session, entry: Entry) -> None:
        """Store a session."""

    def session(self, digest: str) -> tuple[Session, Person] | None:
        """A session and who signed in."""

    def end_session(self, digest: str, at: datetime, entry: Entry) -> None:
        """End a session."""

    def add_key(self, key: ApiKey, entry: Entry) -> None:
        """Store a key."""

    def key(self, digest: str) -> tuple[ApiKey, Person | None] | None:
        """A key by the digest of its secret, and its owner."""

    def keys(self, limit: int, after_key: int = 0) -> Page[ApiKey]:
        """Keys, the latest first."""

    def revoke_key(self, key_id: str, at: datetime, entry: Entry) -> ApiKey:
        """End a key for ever; `NotFoundError` without it."""

    def seen(self, kind: Literal["session", "key"], digest: str, at: datetime) -> None:
        """Note that a session or a key was used."""

    def forget_ended(self, before: datetime) -> int:
        """Drop sessions and links that ended before a time, and failed attempts of before it; how many."""

    def add_link(self, link: OnceLink, entry: Entry) -> None:
        """Store a link that works once; for the first administrator it replaces the unused ones."""

    def link(self, digest: str) -> OnceLink | None:
        """A link."""

    def use_link(self, digest: str, at: datetime) -> OnceLink | None:
        """Use a link up; None where it opens nothing any more. Of two that try at once one succeeds."""

    def begin_attempt(self, subjects: Mapping[str, Patience], at: datetime) -> float:
        """Count an attempt to sign in as failed before it is looked at; or how long it has to wait, and it is not."""

    def end_attempt(self, forgotten: Iterable[str], taken_back: Iterable[str]) -> None:
        """An attempt was good: some failures are forgotten, of others only this one is taken back."""


class AuditLogStore(Protocol):
    """The record of what was done."""

    def append(self, entry: Entry) -> Sealed:
        """Put an entry behind the last."""

    def page(
        self, limit: int, after_key: int = 0, *, action: str | None = None, actor: str | None = None
    ) -> Page[Sealed]:
        """Entries, the latest first; of an action, or of a person or key, if wanted."""

    def about(self, text: str) -> Sequence[Sealed]:
        """Entries whose target holds a text, the first first."""

    def head(self) -> Head:
        """Where the record ends."""

    def verify(self) -> tuple[int, Break | None]:
        """How many entries hold, and the first that does not."""
