"""Times at which enforcement is not allowed unless it is urgent (行政强制法 43)."""

from __future__ import annotations

from datetime import datetime

from geodata.io.dates import BEIJING
from service.cases.clocks.calendar import WorkCalendar
from service.cases.clocks.clock import Step
from service.cases.clocks.terms import Ban, Book


def quiet_reasons(moment: datetime, book: Book, calendar: WorkCalendar) -> tuple[Step, ...]:
    """Why enforcement is barred at a moment: night, statutory holiday; empty: it is not.

    A weekend alone bars nothing. Of a day beyond the published lists only the night is known: ask
    `WorkCalendar.is_known` beside it.
    """
    local = moment.astimezone(BEIJING)
    found = []
    for ban in book.bans.values():
        law, law_zh = book.cite(ban.source, "en"), book.cite(ban.source, "zh")
        if ban.on_statutory_holidays and calendar.is_statutory_holiday(local.date()):
            name, name_zh = calendar.name(local.date()), calendar.name(local.date(), "zh")
            found.append(
                Step(
                    f"{local:%Y-%m-%d} is a statutory holiday{f' ({name})' if name else ''}: {law}.",
                    f"{local:%Y-%m-%d}为法定节假日{f'（{name_zh}）' if name_zh else ''}：{law_zh}。",
                )
            )
        if _night(local, ban):
            hours = f"{ban.night_from:%H:%M} – {ban.night_until:%H:%M}"
            found.append(
                Step(f"{local:%H:%M} is night ({hours}): {law}.", f"{local:%H:%M}为夜间（{hours}）：{law_zh}。")
            )
    return tuple(found)


def _night(local: datetime, ban: Ban) -> bool:
    now, since, until = local.time(), ban.night_from, ban.night_until
    # a night that passes midnight is two pieces of the day
    return since <= now < until if since <= until else now >= since or now < until
