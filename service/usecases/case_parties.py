"""The parties of a case: sealed at rest, shown masked, in the clear to those who say what for; erased on request."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from geodata.errors import OptionError
from service.auth.record import entry_by
from service.cases.documents.facts import Party as PartyFacts
from service.cases.errors import CaseFactError
from service.errors import NotFoundError
from service.privacy.keyring import keyring, read_keyring
from service.services import Services
from service.store.case_base import Party
from service.usecases.cases import CaseView, Enclosed, Telling, tell
from service.usecases.layer_sealing import key_file

_LONGEST = 300
_NAMES = tuple(one.name for one in fields(PartyFacts))


@dataclass(frozen=True)
class ShownParty:
    """A party as it is shown.

    Args:
        id: Their id in the case.
        facts: What is known, masked or in the clear; None: erased.
        erased_at: When it was erased.
    """

    id: str
    facts: PartyFacts | None
    erased_at: datetime | None


def about_party(party: Party) -> str:
    """What the seal of a party is bound to."""
    return f"party|{party.case_id}|{party.id}"


def name_party(services: Services, case_id: str, told: Mapping[str, Any], at: datetime | None = None) -> CaseView:
    """Say who the party is (event `party_known`): what is told is sealed before it is stored, and stands in no event.

    Args:
        services: The service.
        case_id: The case.
        told: Fields of a party: name, kind, id_number, address, phone, representative.
        at: When it became known; None: now.

    Raises:
        CaseFactError: If the name is missing, or something told is not what it must be.
    """
    services.store.cases.get(case_id)
    facts = _checked(told)
    party_id, now = f"party-{uuid.uuid4().hex[:12]}", datetime.now(UTC)

    def enclose(_: CaseView) -> Enclosed:
        blank = Party(party_id, case_id, None, now, services.caller.id)
        ring = keyring(key_file(services.settings))
        sealed = ring.seal(orjson.dumps(asdict(facts)), about_party(blank))
        return Enclosed(parties=[replace(blank, sealed=sealed)])

    return tell(services, case_id, Telling("party_known", {"party_id": party_id}, at), enclose)


def masked_parties(services: Services, case_id: str) -> Sequence[ShownParty]:
    """The parties of a case, as everybody who sees the case may see them."""
    return [replace(one, facts=masked(one.facts)) for one in opened_parties(services, case_id)]


def clear_parties(services: Services, case_id: str, purpose: str, address: str = "") -> Sequence[ShownParty]:
    """The parties in the clear; the look is recorded before it is granted.

    Raises:
        OptionError: If no purpose is told.
        SealError: If the keys are not here.
    """
    if not purpose.strip() or len(purpose) > _LONGEST:
        raise OptionError("No purpose is told.", remedy=f"Say what for, in at most {_LONGEST} letters.")
    found = opened_parties(services, case_id)
    entry = entry_by(
        services.caller, datetime.now(UTC), "personal-read", f"case/{case_id}", address=address, purpose=purpose.strip()
    )
    services.store.audit_log.append(entry)
    return found


def erase_party(services: Services, case_id: str, party_id: str, reason: str, address: str = "") -> None:
    """Erase what is known of a party; that there was one stays.

    Raises:
        OptionError: If no reason is told.
        NotFoundError: Without the party.
    """
    if not reason.strip() or len(reason) > _LONGEST:
        raise OptionError("No reason is told.", remedy=f"Say why, in at most {_LONGEST} letters.")
    known = {one.id: one for one in services.store.cases.parties(case_id)}
    if party_id not in known:
        raise NotFoundError(f"The case has no party {party_id[:80]!r}.", remedy=f"GET /cases/{case_id}/parties")
    now = datetime.now(UTC)
    entry = entry_by(
        services.caller, now, "personal-erased", f"case/{case_id}/{party_id}", address=address, reason=reason
    )
    services.store.audit_log.append(entry)
    services.store.cases.keep_party(replace(known[party_id], sealed=None, erased_at=now))


def reseal_parties(services: Services, opened: Any, sealed: Any) -> int:
    """Seal every party anew; how many. For `privacy.rotate`."""
    count = 0
    for party in list(services.store.cases.all_parties()):
        if party.sealed is not None:
            about = about_party(party)
            services.store.cases.keep_party(replace(party, sealed=sealed(opened(party.sealed, about), about)))
            count += 1
    return count


def masked(facts: PartyFacts | None) -> PartyFacts | None:
    """A party as it may be shown to all: the family name, the ends of numbers, the street without the house.

    >>> masked(PartyFacts("赵德柱", id_number="110101199003071234", phone="13812345678")).name
    '赵**'
    """
    if facts is None:
        return None
    if facts.kind == "organisation":
        # the name of an organisation is no personal datum; who stands for it is
        return replace(facts, phone=_ends(facts.phone, 3, 2), representative=_first(facts.representative))
    return replace(
        facts,
        name=_first(facts.name),
        id_number=_ends(facts.id_number, 4, 2),
        phone=_ends(facts.phone, 3, 2),
        address=_ends(facts.address, 6, 0),
        representative=_first(facts.representative),
    )


def _first(name: str) -> str:
    return name[:1] + "*" * (len(name) - 1)


def _ends(text: str, first: int, last: int) -> str:
    if len(text) <= first + last:
        return "*" * len(text)
    return text[:first] + "*" * (len(text) - first - last) + (text[-last:] if last else "")


def opened_parties(services: Services, case_id: str) -> list[ShownParty]:
    """The parties in the clear, for what is made of them within the service; who shows them records it."""
    found = services.store.cases.parties(case_id)
    ring = read_keyring(key_file(services.settings)) if any(one.sealed for one in found) else None
    shown = []
    for party in found:
        facts = None
        if party.sealed is not None and ring is not None:
            facts = PartyFacts(**orjson.loads(ring.open(party.sealed, about_party(party))))
        shown.append(ShownParty(party.id, facts, party.erased_at))
    return shown


def _checked(told: Mapping[str, Any]) -> PartyFacts:
    unknown = sorted(set(told) - set(_NAMES))
    values = {name: told.get(name) or "" for name in _NAMES}
    wrong = [f"{name[:60]} is not known" for name in unknown]
    wrong += [
        f"{name} is no text of at most {_LONGEST} letters"
        for name, value in values.items()
        if not isinstance(value, str) or len(value) > _LONGEST
    ]
    kind = values["kind"] or "person"
    wrong += [] if kind in ("person", "organisation") else [f"kind is neither person nor organisation: {kind!r}"]
    wrong += ["name is missing"] if not wrong and not str(values["name"]).strip() else []
    if wrong:
        raise CaseFactError(
            f"The party cannot be kept: {'; '.join(wrong)}.", remedy=f"It has: {', '.join(_NAMES)}.", wrong=wrong
        )
    texts: dict[str, Any] = {name: str(value).strip() for name, value in values.items()}
    return PartyFacts(**texts | {"kind": kind})
