"""`kancha alarms`: who is told of what, and what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.opened import Data, opened

if TYPE_CHECKING:
    from datetime import datetime

app = typer.Typer(no_args_is_help=True, help="Alarms: rules, channels, what was raised and sent.")
Limit = Annotated[int, typer.Option(min=1, help="So many, the latest.")]


@app.command("list")
def list_(
    limit: Limit = 50,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that nobody acknowledged.")] = False,
    data: Data = None,
) -> None:
    """Show alarms, the latest first."""
    from service.usecases.alarms import list_alarms

    with opened(data) as services:
        found = list_alarms(services, limit, open_only=open_only, everybody=True)
    rows = [
        (_day(one.alarm.raised_at), one.alarm.grade, one.alarm.step, one.alarm.finding_id, one.told["status"],
         _day(one.alarm.told_at) or "not yet", _day(one.alarm.acknowledged_at) or "no", one.alarm.id)
        for one in found.items
    ]  # fmt: skip
    names = ("raised (UTC)", "grade", "step", "finding", "status", "told", "acknowledged", "id")
    _show(f"{found.matched} alarms", names, rows)


@app.command("rules")
def rules(
    templates: Annotated[bool, typer.Option("--templates", help="Show rules to begin with instead.")] = False,
    data: Data = None,
) -> None:
    """Show the rules: who is told of what, how soon, by which channels."""
    from service.usecases.alarm_rules import TEMPLATES, list_rules

    if templates:
        rows = [(one.id, one.name, one.name_zh, one.for_whom, one.timing.at_once) for one in TEMPLATES]
        _show(f"{len(rows)} templates", ("id", "name", "名称", "for", "at once"), rows)
        return
    with opened(data) as services:
        found = list_rules(services)
        names = {rule.person_id: services.store.people.get(rule.person_id).name for rule in found}
    told = [
        (one.id, one.name, names[one.person_id], one.timing.at_once, ", ".join(one.timing.digest_at),
         str(len(one.channels)), "yes" if one.active else "no")
        for one in found
    ]  # fmt: skip
    _show(f"{len(told)} rules", ("id", "name", "for", "at once", "digests", "channels", "active"), told)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the rule is called.")],
    person: Annotated[str, typer.Option(help="Who is told, by the name that they sign in with.")],
    template: Annotated[str, typer.Option(help="Which of the rules to begin with.")] = "street",
    channel: Annotated[list[str] | None, typer.Option(help="Id of a channel; repeatable.")] = None,
    escalate_to: Annotated[str, typer.Option(help="Who is told where nobody acknowledges.")] = "",
    data: Data = None,
) -> None:
    """Make a rule for somebody from one of the templates."""
    from dataclasses import asdict

    from geodata.errors import OptionError
    from service.usecases.alarm_rules import TEMPLATES, RuleFacts, add_rule

    chosen = next((one for one in TEMPLATES if one.id == template), None)
    if chosen is None:
        known = ", ".join(one.id for one in TEMPLATES)
        raise OptionError(f"There is no template {template[:40]!r}.", remedy=f"Known: {known}.")
    facts = RuleFacts(name, person, asdict(chosen.wanted), asdict(chosen.timing), channel or (), escalate_to)
    with opened(data) as services:
        rule = add_rule(services, facts)
    typer.echo(f"rule {rule.id} ({rule.name}) tells {person} of what comes from now on")


@app.command("channels")
def channels(data: Data = None) -> None:
    """Show the channels, without their addresses."""
    from service.usecases.channels import list_channels

    with opened(data) as services:
        found = list_channels(services)
    rows = [
        (one.id, one.name, one.kind, one.hint, "bureau" if one.owner_id is None else one.owner_id,
         ", ".join(one.events), "yes" if one.active else "no")
        for one in found
    ]  # fmt: skip
    _show(f"{len(rows)} channels", ("id", "name", "kind", "where", "whose", "events", "active"), rows)


@app.command("connect")
def connect(
    name: Annotated[str, typer.Argument(help="What the channel is called.")],
    kind: Annotated[str, typer.Option(help="webhook or apprise.")] = "webhook",
    style: Annotated[str | None, typer.Option(help="Of a webhook: cloudevents, robot or template.")] = None,
    event: Annotated[
        list[str] | None, typer.Option(help="Type of event that another system wants; repeatable.")
    ] = None,
    data: Data = None,
) -> None:
    """Make a channel of the bureau; its address is read from standard input, so that no list of processes shows it."""
    import sys

    from service.usecases.channels import ChannelFacts, add_channel

    url = sys.stdin.readline().strip()
    with opened(data) as services:
        channel, secret = add_channel(services, ChannelFacts(name, kind, url, style, events=event, bureau=True))
    typer.echo(f"channel {channel.id} ({channel.name}): {channel.kind} {channel.hint}", err=secret is not None)
    if secret is not None:
        typer.echo("Its messages are signed with this secret, shown only now:", err=True)
        typer.echo(secret)


@app.command("test")
def try_(
    channel_id: Annotated[str, typer.Argument(help="Id of the channel, as the list shows it.")], data: Data = None
) -> None:
    """Send a few words by a channel."""
    from service.usecases.alarms import try_channel

    with opened(data, changes="alarms test") as services:
        name = try_channel(services, channel_id)
    typer.echo(f"taken: {name}")


@app.command("deliveries")
def deliveries(
    limit: Limit = 50,
    state: Annotated[str | None, typer.Option(help="waiting, sending, sent, failed or withdrawn.")] = None,
    data: Data = None,
) -> None:
    """Show what was sent, what waits and what failed, the latest first."""
    from service.usecases.alarms import list_deliveries

    with opened(data) as services:
        found = list_deliveries(services, limit, state=state, everybody=True)
    rows = [
        (_day(one.created_at), one.purpose, one.state, str(one.attempts), one.last_error or "", one.channel_id, one.id)
        for one in found.items
    ]
    names = ("made (UTC)", "purpose", "state", "tries", "error", "channel", "id")
    _show(f"{found.matched} messages", names, rows)


@app.command("clock")
def clock(
    period: Annotated[str, typer.Option(help="day, week or month.")] = "week",
    days: Annotated[float, typer.Option(help="How far back.")] = 90.0,
    data: Data = None,
) -> None:
    """Show how long findings waited from the upload to the first alarm."""
    from service.usecases.alarm_clock import PERIODS
    from service.usecases.alarm_clock import clock as usecase

    wanted = next((one for one in PERIODS if one == period), None)
    if wanted is None:
        raise typer.BadParameter(f"Known: {', '.join(PERIODS)}.")
    with opened(data) as services:
        found = usecase(services, wanted, days)
    rows = [
        (one.period, str(one.raised.count), _span(one.raised.median_s), _span(one.raised.p95_s),
         _span(one.told.median_s), _span(one.told.p95_s), str(one.untold))
        for one in found
    ]  # fmt: skip
    _show(
        "From upload to alarm", ("period", "findings", "raised: median", "p95", "told: median", "p95", "untold"), rows
    )


@app.command("send")
def send(data: Data = None) -> None:
    """Do one round now: raise, put together, escalate, send. The service does so by itself while it runs."""
    from service.usecases.alarm_sending import send_round

    with opened(data) as services:
        done = send_round(services)
    typer.echo(
        f"{done.raised} raised, {done.gathered + done.escalated + done.published} messages put together, "
        f"{done.sent} sent, {done.failed} tries failed"
    )


def _show(title: str, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from scripts.terminal import wide_console

    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(one)) for one in row))
    wide_console().print(table)


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
