"""Dates as a company writes them: the language of months and days, and how a week is named.

The patterns of the seven languages are those of Unicode CLDR 45 (long and abbreviated dates),
written out here because nothing else of a locale is needed.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class _Language:
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    long: str
    long_without_year: str
    short: str
    number: str
    first_day: str
    last_day: str


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_LANGUAGES = {
    "en": _Language(
        _split("January February March April May June July August September October November"
               " December"),
        _split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
        _split("Mon Tue Wed Thu Fri Sat Sun"),
        "{d} {m} {y}", "{d} {m}", "{d} {s}",
        "Week {n}", "Week of {day}", "Week ending {day}",
    ),
    "de": _Language(
        _split("Januar Februar März April Mai Juni Juli August September Oktober November"
               " Dezember"),
        _split("Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez."),
        _split("Mo. Di. Mi. Do. Fr. Sa. So."),
        "{d}. {m} {y}", "{d}. {m}", "{d}. {s}",
        "Woche {n}", "Woche vom {day}", "Woche bis {day}",
    ),
    "es": _Language(
        _split("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
               " diciembre"),
        _split("ene feb mar abr may jun jul ago sept oct nov dic"),
        _split("lun mar mié jue vie sáb dom"),
        "{d} de {m} de {y}", "{d} de {m}", "{d} {s}",
        "Semana {n}", "Semana del {day}", "Semana hasta el {day}",
    ),
    "fr": _Language(
        _split("janvier février mars avril mai juin juillet août septembre octobre novembre"
               " décembre"),
        _split("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
        _split("lun. mar. mer. jeu. ven. sam. dim."),
        "{d} {m} {y}", "{d} {m}", "{d} {s}",
        "Semaine {n}", "Semaine du {day}", "Semaine au {day}",
    ),
    "it": _Language(
        _split("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre"
               " novembre dicembre"),
        _split("gen feb mar apr mag giu lug ago set ott nov dic"),
        _split("lun mar mer gio ven sab dom"),
        "{d} {m} {y}", "{d} {m}", "{d} {s}",
        "Settimana {n}", "Settimana del {day}", "Settimana fino al {day}",
    ),
    "nl": _Language(
        _split("januari februari maart april mei juni juli augustus september oktober november"
               " december"),
        _split("jan feb mrt apr mei jun jul aug sep okt nov dec"),
        _split("ma di wo do vr za zo"),
        "{d} {m} {y}", "{d} {m}", "{d} {s}",
        "Week {n}", "Week van {day}", "Week tot en met {day}",
    ),
    "pt": _Language(
        _split("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro"
               " dezembro"),
        _split("jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez."),
        _split("seg. ter. qua. qui. sex. sáb. dom."),
        "{d} de {m} de {y}", "{d} de {m}", "{d} {s}",
        "Semana {n}", "Semana de {day}", "Semana até {day}",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Calendar:
    """How one company writes dates. Plain text out, the same on every machine."""

    language: str = "en"
    naming: str = "number"

    @property
    def _words(self) -> _Language:
        return _LANGUAGES[self.language]

    def months(self) -> tuple[str, ...]:
        """Every way in which a month is written."""
        return (*self._words.months, *self._words.short_months)

    def month(self, value: date) -> str:
        """`November`."""
        return self._words.months[value.month - 1]

    def short_month(self, value: date) -> str:
        """`Nov`."""
        return self._words.short_months[value.month - 1]

    def weekday(self, value: date) -> str:
        """`Mon`."""
        return self._words.days[value.weekday()]

    def day(self, value: date) -> str:
        """`9 November 2026`."""
        return self._words.long.format(d=value.day, m=self.month(value), y=value.year)

    def short_day(self, value: date) -> str:
        """`9 Nov`."""
        return self._words.short.format(d=value.day, s=self.short_month(value))

    def named_day(self, value: date) -> str:
        """`Mon 9 Nov`."""
        return f"{self.weekday(value)} {self.short_day(value)}"

    def week_days(self, monday: date) -> str:
        """The first and last day of a week, month and year said once where they are the same."""
        sunday = monday + timedelta(days=6)
        if monday.year != sunday.year:
            return f"{self.day(monday)} {DASH} {self.day(sunday)}"
        if monday.month != sunday.month:
            first = self._words.long_without_year.format(d=monday.day, m=self.month(monday))
            return f"{first} {DASH} {self.day(sunday)}"
        dot = "." if self._words.long.startswith("{d}.") else ""
        return f"{monday.day}{dot}{DASH}{self.day(sunday)}"

    def week_name(self, monday: date) -> str:
        """A week as the company names it: `Week 46`, `Week of 9 November 2026`, or by its end."""
        if self.naming == "first_day":
            return self._words.first_day.format(day=self.day(monday))
        if self.naming == "last_day":
            return self._words.last_day.format(day=self.day(monday + timedelta(days=6)))
        return self._words.number.format(n=monday.isocalendar().week)

    def instant(self, value: datetime, time_zone: str) -> str:
        """A naive UTC instant on the company's clock: `Mon 16 November 2026, 06:00`."""
        local = value.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(time_zone))
        return f"{self.weekday(local.date())} {self.day(local.date())}, {local:%H:%M}"
