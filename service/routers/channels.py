"""Routes of channels: how people and other systems are reached."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from service.dependencies import Kancha, only_query, page_links
from service.schemas.channels import ChannelChange, ChannelOut, ChannelsOut, MadeChannel, NewChannel, TriedOut
from service.usecases import alarms, channels

router = APIRouter(tags=["alarms"])


@router.get("/alarms/channels", summary="Channels", dependencies=[Depends(only_query())])
def get_channels(request: Request, services: Kancha) -> ChannelsOut:
    """One's own channels and the bureau's, without their addresses."""
    found = channels.list_channels(services)
    told = [ChannelOut(**ChannelOut.values(one)) for one in found]
    return ChannelsOut(channels=told, links=page_links(request, None))


@router.post("/alarms/channels", summary="Make a channel", status_code=201)
def post_channel(response: Response, services: Kancha, body: NewChannel) -> MadeChannel:
    """Make a channel. Of a signed webhook the answer alone has the secret that its messages are signed with."""
    response.headers["Cache-Control"] = "no-store"
    channel, secret = channels.add_channel(services, body.facts(kind=body.kind, bureau=body.bureau))
    return MadeChannel(**ChannelOut.values(channel), secret=secret)


@router.get("/alarms/channels/{channel_id}", summary="One channel", dependencies=[Depends(only_query())])
def get_channel(services: Kancha, channel_id: str) -> ChannelOut:
    """A channel, without its address."""
    return ChannelOut(**ChannelOut.values(channels.get_channel(services, channel_id)))


@router.patch("/alarms/channels/{channel_id}", summary="Change a channel")
def patch_channel(response: Response, services: Kancha, channel_id: str, body: ChannelChange) -> MadeChannel:
    """Change a channel; what is left out stays. A signed webhook with another address gets another secret."""
    response.headers["Cache-Control"] = "no-store"
    channel, secret = channels.change_channel(services, channel_id, body.facts())
    return MadeChannel(**ChannelOut.values(channel), secret=secret)


@router.delete("/alarms/channels/{channel_id}", summary="Take a channel away", status_code=204)
def delete_channel(services: Kancha, channel_id: str) -> Response:
    """Take a channel away, its address with it; what waits for it is not sent."""
    channels.remove_channel(services, channel_id)
    return Response(status_code=204)


@router.post("/alarms/channels/{channel_id}/test", summary="Try a channel")
def post_channel_test(services: Kancha, channel_id: str) -> TriedOut:
    """Send a few words by a channel, now; 502 tells why they were not taken."""
    return TriedOut(id=alarms.try_channel(services, channel_id))
