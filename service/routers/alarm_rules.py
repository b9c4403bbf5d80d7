"""Routes of the rules of alarms."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from service.dependencies import Kancha, only_query, page_links
from service.schemas.alarm_rules import NewRule, RuleChange, RuleOut, RulesOut, TemplateOut, TemplatesOut
from service.usecases import alarm_rules as usecase

router = APIRouter(tags=["alarms"])


@router.get("/alarms/rules", summary="Rules of alarms", dependencies=[Depends(only_query())])
def get_alarm_rules(request: Request, services: Kancha) -> RulesOut:
    """One's own rules; administrators who work everywhere see all."""
    found = usecase.list_rules(services)
    return RulesOut(rules=[RuleOut.of(one) for one in found], links=page_links(request, None))


@router.post("/alarms/rules", summary="Make a rule", status_code=201)
def post_alarm_rule(services: Kancha, body: NewRule) -> RuleOut:
    """Say who is told of what, how sure it must be, how soon and by which channels; it looks at what comes from now."""
    return RuleOut.of(usecase.add_rule(services, body.facts(body.person)))


@router.get("/alarms/rules/templates", summary="Rules to begin with", dependencies=[Depends(only_query())])
def get_alarm_templates(request: Request, services: Kancha) -> TemplatesOut:
    """Rules that are sensible for officers, chiefs and analysts; send `wanted` and `timing` of one to make it."""
    found = [TemplateOut.of(one) for one in usecase.TEMPLATES]
    return TemplatesOut(templates=found, links=page_links(request, None))


@router.get("/alarms/rules/{rule_id}", summary="One rule", dependencies=[Depends(only_query())])
def get_alarm_rule(services: Kancha, rule_id: str) -> RuleOut:
    """A rule."""
    return RuleOut.of(usecase.get_rule(services, rule_id))


@router.patch("/alarms/rules/{rule_id}", summary="Change a rule")
def patch_alarm_rule(services: Kancha, rule_id: str, body: RuleChange) -> RuleOut:
    """Change a rule; what is left out stays. Switched on again, it looks at what comes from then on."""
    return RuleOut.of(usecase.change_rule(services, rule_id, body.facts()))


@router.delete("/alarms/rules/{rule_id}", summary="Take a rule away", status_code=204)
def delete_alarm_rule(services: Kancha, rule_id: str) -> Response:
    """Take a rule away; its alarms stay."""
    usecase.remove_rule(services, rule_id)
    return Response(status_code=204)
