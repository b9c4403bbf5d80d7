"""Routes of people, keys of other systems, and the record of what was done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from service.dependencies import Kancha, Pages, base_url, only_query, page_links
from service.schemas.people import (
    CheckBody,
    EntryBody,
    KeyBody,
    KeysBody,
    LinkBody,
    MadeKey,
    NewKey,
    NewPerson,
    PeopleBody,
    PersonBody,
    PersonChange,
    RecordBody,
)
from service.usecases import audit_log, keys, people
from service.usecases.keys import KeyFacts
from service.usecases.people import PersonFacts

router = APIRouter(tags=["access"])


def _facts(body: PersonChange) -> PersonFacts:
    return PersonFacts(body.display_name, body.roles, body.areas, body.clearance, body.active)


@router.get("/people", summary="List people", dependencies=[Depends(only_query("limit", "cursor"))])
def get_people(request: Request, services: Kancha, page: Pages) -> PeopleBody:
    """Who may sign in, in the order of their coming."""
    found = people.list_people(services, page.limit, page.after_key)
    return PeopleBody(
        people=[PersonBody.of(one) for one in found.items],
        numberMatched=found.matched,
        links=page_links(request, found.next_key),
    )


@router.post("/people", summary="Add a person", status_code=201)
def post_person(services: Kancha, body: NewPerson) -> PersonBody:
    """Add a person; POST /people/{person_id}/link makes the link by which they set their password."""
    return PersonBody.of(people.add_person(services, services.caller, body.name, _facts(body)))


@router.get("/people/{person_id}", summary="One person")
def get_person(services: Kancha, person_id: str) -> PersonBody:
    """A person and their rights."""
    return PersonBody.of(people.get_person(services, person_id))


@router.patch("/people/{person_id}", summary="Change a person")
def patch_person(services: Kancha, person_id: str, body: PersonChange) -> PersonBody:
    """Change rights, or end access (`active`: false); what is left out stays. They hold from the next request on."""
    return PersonBody.of(people.change_person(services, services.caller, person_id, _facts(body)))


@router.post("/people/{person_id}/link", summary="A link for a password", status_code=201)
def post_person_link(request: Request, services: Kancha, person_id: str) -> LinkBody:
    """A link by which the person sets a password; it works once."""
    secret = people.password_link(services, services.caller, person_id)
    return LinkBody(href=f"{base_url(request)}/first/{secret}", expires_in_s=services.settings.auth.link_s)


@router.get("/keys", summary="List keys", dependencies=[Depends(only_query("limit", "cursor"))])
def get_keys(request: Request, services: Kancha, page: Pages) -> KeysBody:
    """Keys of other systems, the latest first, without their secrets."""
    found = keys.list_keys(services, page.limit, page.after_key)
    return KeysBody(
        keys=[KeyBody.of(one) for one in found.items],
        numberMatched=found.matched,
        links=page_links(request, found.next_key),
    )


@router.post("/keys", summary="Make a key", status_code=201)
def post_key(services: Kancha, body: NewKey) -> MadeKey:
    """Make a key for another system; it never has more rights than its maker has."""
    facts = KeyFacts(body.name, body.roles, body.permissions, body.areas, body.clearance, body.days)
    key, secret = keys.create_key(services, services.caller, facts)
    return MadeKey(secret=secret, **KeyBody.values(key))


@router.delete("/keys/{key_id}", summary="Revoke a key")
def delete_key(services: Kancha, key_id: str) -> KeyBody:
    """End a key for ever, from the next request on."""
    return KeyBody.of(keys.revoke_key(services, services.caller, key_id))


@router.get(
    "/audit-log",
    summary="What was done",
    dependencies=[Depends(only_query("limit", "cursor", "action", "actor"))],
)
def get_audit_log(
    request: Request,
    services: Kancha,
    page: Pages,
    action: Annotated[str | None, Query(description="Only this action.")] = None,
    actor: Annotated[str | None, Query(description="Only what this person or key did, by id.")] = None,
) -> RecordBody:
    """The record: every change, every sign-in, every look at personal data; the latest first."""
    found = audit_log.list_entries(services, page.limit, page.after_key, action=action, actor=actor)
    return RecordBody(
        entries=[EntryBody.of(link) for link in found.items],
        numberMatched=found.matched,
        links=page_links(request, found.next_key),
    )


@router.get("/audit-log/check", summary="Whether the record holds", dependencies=[Depends(only_query())])
def get_audit_log_check(services: Kancha) -> CheckBody:
    """See that no entry was changed, removed or put elsewhere."""
    return CheckBody.of(*audit_log.verify(services))
