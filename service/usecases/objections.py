"""Objections of residents (异议): taken from anybody, sealed, answered in their own term; a right one overturns."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson

from service.auth.caller import Caller, Clearance
from service.auth.sight import Sight
from service.auth.tokens import digest, new_token
from service.cases.errors import CaseFactError
from service.cases.workflow.regions import DECIDED
from service.errors import ConflictError, NotFoundError
from service.privacy.keyring import Keyring, keyring, read_keyring
from service.services import Services
from service.store.case_base import CaseRow, Objection
from service.store.queries import FeatureQuery
from service.store.records import Page
from service.usecases.cases import Telling, tell
from service.usecases.layer_sealing import key_file
from service.usecases.listing import every

LONGEST = 5_000
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Words:
    """What was said, and by whom.

    Args:
        text: The objection.
        name: Who objects; empty: nobody says.
        contact: Where they are reached; empty: nowhere.
        about: What it is about, in the words of who objects: a case number, a place.
    """

    text: str
    name: str = ""
    contact: str = ""
    about: str = ""


def raise_objection(services: Services, words: Words) -> tuple[Objection, str]:
    """Take an objection from anybody.

    Args:
        services: The service itself.
        words: What is said; a case number in `about` brings it to its case (event `objection_received`).

    Returns:
        The objection, and the word by which its sender asks how it stands: told once, kept nowhere.

    Raises:
        CaseFactError: If nothing is said, or too much.
    """
    words = _checked(words)
    token, now = new_token(), datetime.now(UTC)
    blank = Objection(f"objection-{uuid.uuid4().hex[:12]}", digest(token), None, None, now)
    row = _case_named(services, words.about)
    made = replace(
        blank, case_id=None if row is None else row.id, sealed=_seal(keyring(key_file(services.settings)), blank, words)
    )
    services.store.objections.add(made)
    if row is not None:
        _tell_received(services, made, row.id)
    return made, token


def how_it_stands(services: Services, token: str) -> Objection:
    """The objection of a word.

    Raises:
        NotFoundError: Without one.
    """
    found = services.store.objections.of_digest(digest(token))
    if found is None:
        raise NotFoundError("There is no such objection.", remedy="Look at the address that you were given.")
    return found


def list_objections(services: Services, limit: int, after_key: int, *, open_only: bool) -> Page[Objection]:
    """Objections, the latest first."""
    return services.store.objections.page(limit, after_key, open_only=open_only)


def words_of(services: Services, objection_id: str) -> tuple[Objection, Words | None]:
    """An objection with what was said; None where it was erased.

    Raises:
        NotFoundError: Without it.
        SealError: If the keys are not here.
    """
    found = services.store.objections.get(objection_id)
    if found.sealed is None:
        return found, None
    ring = read_keyring(key_file(services.settings))
    return found, Words(**orjson.loads(ring.open(found.sealed, _about(found))))


def place_objection(services: Services, objection_id: str, case_id: str) -> Objection:
    """Bring an objection to its case.

    Raises:
        NotFoundError: Without either.
        ConflictError: If it has a case already.
    """
    found, row = services.store.objections.get(objection_id), services.store.cases.get(case_id)
    if found.case_id is not None:
        raise ConflictError(f"The objection belongs to the case {found.case_id}.", remedy="Answer it there.")
    placed = replace(found, case_id=row.id)
    services.store.objections.keep(placed)
    _tell_received(services, placed, row.id)
    return placed


def answer_objection(services: Services, objection_id: str, answer: str, *, upheld: bool) -> Objection:
    """Answer an objection (event `objection_answered`); who handled the case does not answer.

    One that is right about a decision that stands overturns it (event `decision_overturned`): what was published of it
    is withdrawn within three working days (行政处罚法 48).

    Raises:
        NotFoundError: Without it.
        ConflictError: If it is answered already, or belongs to no case yet.
        CaseFactError: If nothing is answered.
        CaseMoveError: If the caller may not answer it.
    """
    found = services.store.objections.get(objection_id)
    if found.answered_at is not None:
        raise ConflictError("The objection is answered already.", remedy="What was answered stands.")
    if found.case_id is None:
        raise ConflictError("The objection belongs to no case yet.", remedy="Bring it to its case first.")
    if not answer.strip() or len(answer) > LONGEST:
        raise CaseFactError("Nothing is answered.", remedy=f"Answer in at most {LONGEST} letters.")
    facts = {"objection_id": found.id, "upheld": upheld, "answer": answer.strip()}
    view = tell(services, found.case_id, Telling("objection_answered", facts))
    now, by = datetime.now(UTC), services.caller.owner_id or services.caller.id
    done = replace(found, answer=answer.strip(), upheld=upheld, answered_at=now, answered_by=by)
    services.store.objections.keep(done)
    if upheld and view.standing.procedure in DECIDED:
        told = {"by_whom": "objection", "reason": answer.strip()}
        tell(services, found.case_id, Telling("decision_overturned", told))
    return done


def reseal_objections(
    services: Services, opened: Callable[[str, str], bytes], sealed: Callable[[bytes, str], str]
) -> int:
    """Seal every objection anew; how many. For `privacy.rotate`."""
    count = 0
    for one in every(lambda limit, key: services.store.objections.page(limit, key, open_only=False)):
        if one.sealed is not None:
            services.store.objections.keep(replace(one, sealed=sealed(opened(one.sealed, _about(one)), _about(one))))
            count += 1
    return count


def _tell_received(services: Services, objection: Objection, case_id: str) -> None:
    kancha = replace(services, caller=replace(Caller.local(), id="kancha", name="Kancha"))
    facts: Mapping[str, str] = {"objection_id": objection.id}
    tell(kancha, case_id, Telling("objection_received", facts, objection.received_at))


def _case_named(services: Services, about: str) -> CaseRow | None:
    """The case whose number stands in some words; whoever objects learns nothing of secret ones."""
    store = services.store.seen_by(Sight.of(None, Clearance.INTERNAL))
    for word in about.replace("，", " ").replace(",", " ").split():
        page = store.cases.features(FeatureQuery(equals={"serial": word.strip()}, limit=1))
        if page.items:
            return store.cases.get(str(orjson.loads(page.items[0])["id"]))
    return None


def _checked(words: Words) -> Words:
    told = Words(*(part.strip() for part in (words.text, words.name, words.contact, words.about)))
    if not told.text or len(told.text) > LONGEST:
        raise CaseFactError(
            "Nothing is said." if not told.text else f"The objection has {len(told.text)} letters.",
            remedy=f"Say it in at most {LONGEST} letters.",
        )
    if any(len(part) > _LONGEST_NAME for part in (told.name, told.contact, told.about)):
        raise CaseFactError("A name or a contact is too long.", remedy=f"At most {_LONGEST_NAME} letters each.")
    return told


def _seal(ring: Keyring, objection: Objection, words: Words) -> str:
    return ring.seal(orjson.dumps(words), _about(objection))


def _about(objection: Objection) -> str:
    return f"objection|{objection.id}"
