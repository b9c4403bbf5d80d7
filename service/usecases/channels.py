"""Channels: made, changed, taken away, tried; their addresses are secrets and stand sealed in the store."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from geodata.errors import OptionError
from service.alarms.sending import STYLES, Line, check_apprise
from service.alarms.signing import new_secret
from service.alarms.targets import target_of_url
from service.alarms.values import KINDS, Channel, Kind
from service.auth.caller import Caller
from service.auth.record import entry_by
from service.auth.roles import Permission
from service.errors import NotFoundError
from service.privacy.keyring import keyring, read_keyring
from service.services import Services
from service.settings import Settings
from service.usecases.layer_sealing import key_file
from service.usecases.sights import require_permission

EVENTS = ("finding.appeared", "finding.judged", "alarm.raised", "scan.completed", "scene.stored")
LANGUAGES = ("zh", "en")
_MOST_URL, _MOST_TEMPLATE = 2_000, 10_000
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")
_HEADERS_KEPT = frozenset({"host", "content-length", "connection", "transfer-encoding", "upgrade"})


@dataclass(frozen=True)
class ChannelFacts:
    """What is said of a channel; None: as it is, or as usual for a new one.

    Args:
        name: What it is called.
        kind: `in_app`, `webhook` or `apprise`.
        url: Its address.
        style: Of a webhook: `cloudevents` (signed), `robot` (of the DingTalk family), `template`.
        secret: Of a robot: its own secret.
        template: JSON with `{title}`, `{text}`, `{link}`, `{id}` in its texts.
        headers: Headers of a gateway.
        language: `zh` or `en`.
        chips: Whether pictures go along.
        events: Types of events that another system wants, each by itself.
        bureau: Whether it is the bureau's and no person's.
        active: Whether anything is sent.
    """

    name: str | None = None
    kind: str | None = None
    url: str | None = None
    style: str | None = None
    secret: str | None = None
    template: Any = None
    headers: Mapping[str, str] | None = None
    language: str | None = None
    chips: bool | None = None
    events: Sequence[str] | None = None
    bureau: bool = False
    active: bool | None = None


def line_of(settings: Settings) -> Line:
    """What sending may use, by the settings."""
    alarms = settings.alarms
    return Line(tuple(alarms.networks), alarms.schemas, alarms.timeout_s)


def person_of(caller: Caller) -> str | None:
    """The person who asks, by themselves or by a key of theirs; None: nobody in particular."""
    return caller.id if caller.kind == "person" else caller.owner_id


def config_of(settings: Settings, channel: Channel) -> dict[str, Any]:
    """The address of a channel and its secrets, opened.

    Raises:
        SealError: If the keys are not here.
    """
    if channel.sealed is None:
        return {}
    found: dict[str, Any] = orjson.loads(
        read_keyring(key_file(settings)).open(channel.sealed, about_channel(channel.id))
    )
    return found


def about_channel(channel_id: str) -> str:
    """What the seal of a channel is bound to."""
    return f"channel|{channel_id}"


def add_channel(services: Services, facts: ChannelFacts) -> tuple[Channel, str | None]:
    """Make a channel.

    Returns:
        The channel, and the secret that signs its messages, shown this once; None where it signs nothing.

    Raises:
        OptionError: If a fact cannot be used.
        TargetError: If nothing may be sent there.
        ForbiddenError: If it is to be the bureau's, and the caller is no administrator.
    """
    owner = person_of(services.caller)
    bureau = facts.bureau or owner is None
    if bureau:
        require_permission(services, Permission.PEOPLE, everywhere=True)
    kind = _kind(facts.kind or "in_app")
    channel_id, now = uuid.uuid4().hex, datetime.now(UTC)
    config, hint, secret = _config(services.settings, kind, facts, {})
    channel = Channel(
        id=channel_id,
        name=_name(facts.name or ""),
        owner_id=None if bureau else owner,
        kind=kind,
        hint=hint,
        sealed=_sealed(services.settings, channel_id, config),
        created_at=now,
        chips=kind == "apprise" if facts.chips is None else facts.chips,
        events=_events(kind, config, facts.events or ()),
        active=facts.active is not False,
    )
    entry = entry_by(services.caller, now, "channel-made", channel.id, **_told(channel))
    return services.store.rules.add_channel(channel, entry), secret


def change_channel(services: Services, channel_id: str, facts: ChannelFacts) -> tuple[Channel, str | None]:
    """Change what is said of a channel; another address of a signed webhook gets another secret.

    Raises:
        NotFoundError: Without it, or where it is another's.
        OptionError: If a fact cannot be used.
        TargetError: If nothing may be sent there.
    """
    before = get_channel(services, channel_id, to_change=True)
    if facts.kind is not None and facts.kind != before.kind:
        raise OptionError("A channel keeps its kind.", remedy="Make another channel.")
    addressed = any(value is not None for value in (facts.url, facts.style, facts.secret, facts.template,
                                                    facts.headers, facts.language))  # fmt: skip
    now, secret = datetime.now(UTC), None
    after, config = before, config_of(services.settings, before)
    if addressed:
        config, hint, secret = _config(services.settings, before.kind, facts, config)
        after = replace(before, hint=hint, sealed=_sealed(services.settings, before.id, config))
    after = replace(
        after,
        name=before.name if facts.name is None else _name(facts.name),
        chips=before.chips if facts.chips is None else facts.chips,
        events=_events(before.kind, config, before.events if facts.events is None else facts.events),
        active=before.active if facts.active is None else facts.active,
    )
    entry = entry_by(services.caller, now, "channel-changed", after.id, **_told(after), readdressed=addressed)
    return services.store.rules.change_channel(after, entry), secret


def remove_channel(services: Services, channel_id: str) -> None:
    """Take a channel away for ever, its address with it.

    Raises:
        NotFoundError: Without it, or where it is another's.
    """
    channel = get_channel(services, channel_id, to_change=True)
    entry = entry_by(services.caller, datetime.now(UTC), "channel-removed", channel.id, name=channel.name)
    services.store.rules.remove_channel(channel.id, entry)


def list_channels(services: Services) -> Sequence[Channel]:
    """The caller's channels and the bureau's; all for administrators who work everywhere."""
    mine = person_of(services.caller)
    if _is_administrator(services):
        return services.store.rules.channels()
    return [] if mine is None else services.store.rules.channels(mine)


def get_channel(services: Services, channel_id: str, *, to_change: bool = False) -> Channel:
    """One channel that the caller may use, or change.

    Raises:
        NotFoundError: Without it, or where it is another's.
    """
    channel = services.store.rules.channel(channel_id)
    mine = channel.owner_id is not None and channel.owner_id == person_of(services.caller)
    if mine or _is_administrator(services) or (channel.owner_id is None and not to_change):
        return channel
    raise NotFoundError(f"There is no channel {channel_id[:80]!r}.", remedy="GET /alarms/channels lists them.")


def reseal_channels(services: Services, opening: Any, sealing: Any) -> int:
    """Seal all channels anew, as `privacy.rotate` does with personal data; how many."""
    count = 0
    for channel in services.store.rules.channels():
        if channel.sealed is not None:
            about = about_channel(channel.id)
            services.store.rules.reseal(channel.id, channel.sealed, sealing(opening(channel.sealed, about), about))
            count += 1
    return count


def _is_administrator(services: Services) -> bool:
    return services.caller.may(Permission.PEOPLE) and services.sight.ground is None


def _kind(word: str) -> Kind:
    for kind in KINDS:
        if kind == word:
            return kind
    raise OptionError(f"There is no kind of channel {word[:40]!r}.", remedy=f"Known: {', '.join(KINDS)}.")


def _name(name: str) -> str:
    told = " ".join(name.split())
    if not 1 <= len(told) <= 120 or not told.isprintable():
        raise OptionError("A channel needs a name of 1 to 120 characters.", remedy="Say what it reaches.")
    return told


def _events(kind: Kind, config: Mapping[str, Any], events: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in events if name not in EVENTS]
    if unknown:
        raise OptionError(f"There are no events {unknown[0][:40]!r}.", remedy=f"Known: {', '.join(EVENTS)}.")
    if events and (kind != "webhook" or config.get("style") != "cloudevents"):
        raise OptionError("Events go to webhooks of the style cloudevents.", remedy="Make such a channel for them.")
    return tuple(dict.fromkeys(events))


def _config(
    settings: Settings, kind: Kind, facts: ChannelFacts, before: Mapping[str, Any]
) -> tuple[dict[str, Any], str, str | None]:
    """Address and secrets, what of them may be shown, and a secret that was made."""
    if kind == "in_app":
        if facts.url is not None:
            raise OptionError("A channel of the application has no address.", remedy="Leave url out.")
        return {}, "", None
    config = {**before, **{name: value for name, value in _given(facts).items() if value is not None}}
    url = str(config.get("url") or "")
    if not 1 <= len(url) <= _MOST_URL or not url.isprintable() or " " in url:
        raise OptionError("The channel needs an address.", remedy="docs/alarms.md shows how each kind is written.")
    if config.setdefault("language", "zh") not in LANGUAGES:
        raise OptionError("The language is unknown.", remedy=f"Known: {', '.join(LANGUAGES)}.")
    if kind == "apprise":
        check_apprise(url, line_of(settings))
        return config, f"{url.partition('://')[0].lower()}://…", None
    target = target_of_url(url, line_of(settings).networks)
    style = config.setdefault("style", "cloudevents")
    if style not in STYLES:
        raise OptionError(f"There is no style {str(style)[:40]!r}.", remedy=f"Known: {', '.join(STYLES)}.")
    made = _checked_style(style, config, facts, before)
    return config, f"{urlsplit(url).scheme}://{target.host}/…", made


def _given(facts: ChannelFacts) -> dict[str, Any]:
    names = ("url", "style", "secret", "template", "headers", "language")
    return {name: getattr(facts, name) for name in names}


def _checked_style(style: str, config: dict[str, Any], facts: ChannelFacts, before: Mapping[str, Any]) -> str | None:
    """See that a style has what it needs; a signed one gets a secret, a new one with every new address."""
    if style == "template":
        if not isinstance(config.get("template"), dict | list):
            raise OptionError("The template is no JSON object.", remedy='{"mobile": "138...", "text": "{title}"}')
        if len(orjson.dumps(config["template"])) > _MOST_TEMPLATE:
            raise OptionError("The template is over-long.", remedy=f"At most {_MOST_TEMPLATE} bytes.")
        for name, value in (config.get("headers") or {}).items():
            good = _HEADER.fullmatch(name) and value.isascii() and value.isprintable()
            if not good or name.lower() in _HEADERS_KEPT:
                raise OptionError(f"The header {name[:40]!r} cannot be set.", remedy="Leave it out.")
        return None
    if style == "robot":
        return None
    if facts.secret is not None:
        raise OptionError("The secret of a signed webhook is made here.", remedy="Leave secret out.")
    if before.get("style") == "cloudevents" and before.get("url") == config["url"]:
        return None
    # whoever can name another address must not learn to sign as the one before
    secret = new_secret()
    config["secret"] = secret
    return secret


def _sealed(settings: Settings, channel_id: str, config: Mapping[str, Any]) -> str | None:
    if not config:
        return None
    return keyring(key_file(settings)).seal(orjson.dumps(config), about_channel(channel_id))


def _told(channel: Channel) -> dict[str, Any]:
    """What the record tells of a channel: no address."""
    return {
        "name": channel.name,
        "kind": channel.kind,
        "hint": channel.hint,
        "owner": channel.owner_id,
        "events": list(channel.events),
        "active": channel.active,
    }
