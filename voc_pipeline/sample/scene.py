"""Who speaks in one source and week, when, about what, and when it arrives.

A scene has a stream of chance of its own, keyed by seed, week and source: what a week holds does
not depend on the weeks after it, nor on the other sources. Formats of sources stand elsewhere.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate

from models.week import ONE_WEEK
from voc_pipeline.sample.company import Customer, busyness
from voc_pipeline.sample.events import begin_week, delay, problem_factor, source_factor
from voc_pipeline.sample.personal import Planted, plant
from voc_pipeline.sample.texts import MANNERS, Plan, PlanKind, compose
from voc_pipeline.sample.wording import Catalogue, Dice

_LATENESS = (1, 1, 1, 1, 2, 2, 3, 4)
_DAYS = (0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6)
_WOBBLE = 0.02
_SECOND_PROBLEM = 0.07


@dataclass(frozen=True)
class Profile:
    """What a source receives in an ordinary first week at scale 1."""

    source_id: str
    prefix: str
    problems: float
    praise: float = 0.0
    questions: float = 0.0
    empty: float = 0.0
    mixed_share: float = 0.15
    late_share: float = 0.04
    personal_share: float = 0.04
    days: tuple[int, ...] = _DAYS


PROFILES = {
    profile.source_id: profile
    for profile in (
        Profile("survey", "A", 66, praise=5, questions=3, empty=26, mixed_share=0.1),
        Profile("tickets", "T", 90, praise=4, questions=16, mixed_share=0.08, personal_share=0.08),
        Profile("app_reviews", "V", 42, praise=30, questions=1, empty=2, mixed_share=0.25),
        Profile("social", "P", 46, praise=20, questions=12, personal_share=0.01),
        Profile("complaints", "H", 44, mixed_share=0.06, personal_share=0.1),
        Profile("chat", "X", 58, praise=2, questions=16, mixed_share=0.05, late_share=0.0),
        Profile("recorded_calls", "K", 3, questions=1, mixed_share=0.0, late_share=0.0,
                days=(1, 2, 3, 4, 5, 6)),
        Profile("call_log", "L", 0, late_share=0.01),
    )
}  # fmt: skip
SOURCE_NUMBERS = {source_id: number for number, source_id in enumerate(PROFILES, 10)}


@dataclass(frozen=True)
class Act:
    """One customer speaking once; times are local to the company."""

    external_id: str
    plan: Plan
    customer: Customer
    occurred_at: datetime
    received_at: datetime
    received_week: date
    text: str = ""
    planted: tuple[Planted, ...] = ()


@dataclass
class Scene:
    """One source in one week."""

    profile: Profile
    monday: date
    week: int
    scale: float
    dice: Dice
    catalogue: Catalogue
    customers: Sequence[Customer]
    """Those who had signed up by this week, by the day they did."""
    rates: Mapping[str, float]
    """Problem to the count expected here this week."""
    _ids: list[str] = field(init=False)
    _sums: list[float] = field(init=False)
    _made: int = 0

    def __post_init__(self) -> None:
        self._ids = [problem for problem, rate in self.rates.items() if rate > 0]
        self._sums = list(accumulate(self.rates[problem] for problem in self._ids))

    def plans(self) -> list[Plan]:
        """What this week's texts are about, in a random order."""
        plans = [
            self.problem_plan(problem)
            for problem in self._ids
            for _ in range(self.dice.poisson(self.rates[problem]))
        ]
        for kind, mean in self._others().items():
            plans += [Plan(kind)] * self.dice.poisson(mean * self.volume())
        return self.dice.shuffled(plans)

    def problem_plan(self, problem: str | None = None) -> Plan:
        """A text about this problem, or about one drawn as often as it is mentioned here."""
        first = problem or self.any_problem()
        second = self.any_problem() if self.dice.chance(_SECOND_PROBLEM) else first
        problems = (first,) if second == first else (first, second)
        mixed = self.dice.chance(self.profile.mixed_share)
        return Plan("mixed" if mixed else "problem", problems)

    def any_problem(self) -> str:
        """A problem, drawn as often as it is mentioned here."""
        place = bisect(self._sums, self.dice.share() * self._sums[-1])
        return self._ids[min(place, len(self._ids) - 1)]

    def volume(self) -> float:
        """Factor on the profile's counts."""
        return source_volume(self.profile.source_id, self.monday, self.week, self.scale)

    def new_id(self) -> str:
        """The next id of a record of this source and week."""
        self._made += 1
        return f"{self.profile.prefix}{(self.week + 1) * 100_000 + self._made}"

    def act(self, plan: Plan) -> Act:
        """Somebody says what is planned, and it arrives at once or late."""
        occurred = self._moment()
        received, received_week = self._arrival(occurred)
        return Act(
            self.new_id(), plan, self._somebody(), occurred, received, received_week,
            *self.words(plan),
        )  # fmt: skip

    def words(self, plan: Plan) -> tuple[str, tuple[Planted, ...]]:
        """The text of a plan, now and then with personal data."""
        manner = MANNERS.get(self.profile.source_id)
        if manner is None:
            return "", ()
        text = compose(plan, manner, self.catalogue, self.dice)
        if plan.kind != "empty" and self.dice.chance(self.profile.personal_share):
            text, planted = plant(text, self.catalogue, self.dice)
            return text, (planted,)
        return text, ()

    def _somebody(self) -> Customer:
        # Those who have been customers for longer bought more, and speak more often.
        return self.customers[int(len(self.customers) * self.dice.share() ** 1.4)]

    def _moment(self) -> datetime:
        day = datetime.combine(self.monday, datetime.min.time()) + timedelta(
            days=self.dice.pick(self.profile.days)
        )
        hour = min(23, 7 + int(17 * (self.dice.share() + self.dice.share()) / 2))
        return day + timedelta(
            hours=hour, minutes=self.dice.number(0, 59), seconds=self.dice.number(0, 59)
        )

    def _arrival(self, occurred: datetime) -> tuple[datetime, date]:
        delayed, weeks = delay(self.profile.source_id, self.week)
        if not (delayed and self.dice.chance(delayed)):
            weeks = self.dice.pick(_LATENESS) if self.dice.chance(self.profile.late_share) else 0
        while not source_factor(self.profile.source_id, self.week + weeks):
            weeks += 1  # a silent source hands over nothing, late records neither
        if not weeks:
            return occurred + timedelta(minutes=self.dice.number(1, 170)), self.monday
        received_week = self.monday + weeks * ONE_WEEK
        # From Tuesday on: on Monday morning the week before is still being closed.
        day = datetime.combine(received_week, datetime.min.time()) + timedelta(
            days=self.dice.number(1, 6), hours=self.dice.number(8, 21)
        )
        return day + timedelta(minutes=self.dice.number(0, 59)), received_week

    def _others(self) -> dict[PlanKind, float]:
        profile = self.profile
        return {"praise": profile.praise, "question": profile.questions, "empty": profile.empty}


def source_volume(source_id: str, monday: date, week: int, scale: float) -> float:
    """Factor on the counts of a source's profile in this week."""
    return scale * busyness(monday, week) * source_factor(source_id, week)


def problem_levels(catalogue: Catalogue, seed: int, monday: date, week: int) -> dict[str, float]:
    """Problem to its level this week, 1 being ordinary: its events, and a wobble of its own."""
    dice = Dice(seed, 3, week)
    levels = {}
    for problem in catalogue.problems.values():
        wobble = dice.gamma(1.0, _WOBBLE)
        started = not problem.begins_with_event or week >= begin_week(problem.id)
        levels[problem.id] = wobble * problem_factor(problem.id, week, monday) if started else 0.0
    return levels


def problem_rates(
    catalogue: Catalogue, source_id: str, levels: Mapping[str, float], volume: float
) -> dict[str, float]:
    """Problem to the count expected in one source and week, at these levels and volume."""
    weights = {
        problem.id: problem.weight * problem.channels.get(source_id, 1.0)
        for problem in catalogue.problems.values()
    }
    whole = sum(
        weight for id_, weight in weights.items() if not catalogue.problems[id_].begins_with_event
    )
    each = PROFILES[source_id].problems * volume / whole
    return {id_: each * weight * levels[id_] for id_, weight in weights.items()}
