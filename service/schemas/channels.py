"""Channels over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.alarms.values import Channel
from service.schemas.common import Link
from service.usecases.channels import ChannelFacts


class ChannelChange(BaseModel):
    """What is said of a channel; what is left out stays."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    name: str | None = Field(default=None, max_length=200)
    url: str | None = Field(default=None, max_length=2000, description="Its address; kept sealed, never shown again.")
    style: str | None = Field(default=None, description="Of a webhook: `cloudevents`, `robot` or `template`.")
    secret: str | None = Field(default=None, max_length=500, description="Of a robot: its own secret.")
    template: dict[str, Any] | list[Any] | None = Field(
        default=None, description="JSON with `{title}`, `{text}`, `{link}`, `{id}` in its texts."
    )
    headers: dict[str, str] | None = Field(default=None, description="Headers of a gateway.")
    language: str | None = Field(default=None, description="`zh` or `en`.")
    chips: bool | None = Field(default=None, description="Whether pictures go along.")
    events: list[str] | None = Field(default=None, description="Types of events, for other systems.")
    active: bool | None = None

    def facts(self, **more: Any) -> ChannelFacts:
        """What was said."""
        return ChannelFacts(**self.model_dump(exclude={"kind", "bureau"}), **more)


class NewChannel(ChannelChange):
    """A channel to be made."""

    name: str = Field(max_length=200)
    kind: str = Field(description="`in_app`, `webhook` or `apprise`.")
    bureau: bool = Field(default=False, description="Whether it is the bureau's: for administrators.")


class ChannelOut(BaseModel):
    """A channel, without its address."""

    id: str
    name: str
    owner_id: str | None = Field(description="Whose it is; null: the bureau's.")
    kind: str
    hint: str = Field(description="What of its address may be shown.")
    chips: bool
    events: list[str]
    active: bool
    created_at: datetime

    @classmethod
    def values(cls, channel: Channel) -> dict[str, Any]:
        """The members of its body."""
        told = {name: getattr(channel, name) for name in ChannelOut.model_fields if name != "events"}
        return told | {"events": list(channel.events)}


class MadeChannel(ChannelOut):
    """A channel that was made or changed."""

    secret: str | None = Field(description="What signs its messages, shown this once; null where none was made.")


class ChannelsOut(BaseModel):
    """Channels."""

    channels: list[ChannelOut]
    links: list[Link]


class TriedOut(BaseModel):
    """A test that was taken."""

    id: str = Field(description="Id of the message.")
