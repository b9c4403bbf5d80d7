"""Routes of the check by two people."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request

from service.dependencies import Kancha, Pages, base_url, only_query, page_links
from service.routers.verdicts import pair_out
from service.schemas.common import Link
from service.schemas.second_looks import SecondLook, SecondLookList
from service.usecases import second_looks as usecase

router = APIRouter(tags=["queue"])


def _links(request: Request, finding_id: str) -> list[Link]:
    href = f"{base_url(request)}/findings/{quote(finding_id, safe='')}/verdicts"
    return [Link(href=href, rel="edit", type="application/json")]


@router.get(
    "/second-looks",
    summary="What waits for a second look, and what two have looked at",
    dependencies=[Depends(only_query("state", "limit", "cursor"))],
)
def get_second_looks(
    request: Request,
    services: Kancha,
    page: Pages,
    state: Annotated[
        Literal["waiting", "differing", "agreed"],
        Query(description="waiting: judged by one other person; differing, agreed: judged by two."),
    ] = "waiting",
) -> SecondLookList:
    """Findings that one other person has judged, without what was said, in the order of coming; or what two said."""
    if state == "waiting":
        found = usecase.list_awaiting(services, page.limit, page.after_key)
        rows = [
            SecondLook(finding_id=one.finding["id"], finding=one.finding, before_scene=one.before_scene,
                       after_scene=one.after_scene, pair=None, links=_links(request, one.finding["id"]))
            for one in found.items
        ]  # fmt: skip
        matched: int | None = found.matched
        following = found.next_key
    else:
        compared, following = usecase.list_compared(
            services, page.limit, page.after_key or None, agreed=state == "agreed"
        )
        rows = [
            SecondLook(finding_id=one.finding_id, finding=None, before_scene=None, after_scene=None,
                       pair=pair_out(request, one.pair), links=_links(request, one.finding_id))
            for one in compared
        ]  # fmt: skip
        matched = None
    links = page_links(request, following)
    return SecondLookList(rows=rows, numberMatched=matched, numberReturned=len(rows), links=links)
