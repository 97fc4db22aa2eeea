"""One register week under way: what is born, who joins, what merges, what falls quiet or returns.

Here are the rules that change issues. How groups of texts are found is in `discovery` and
`emergence`, one issue's arithmetic in `standing`, names and quotes in `labels`.
"""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import polars as pl

from voc_pipeline.issues.coming_apart import halves
from voc_pipeline.issues.discovery import background, centre_of, contrast, cores, discover
from voc_pipeline.issues.emergence import Stream, emergent_groups
from voc_pipeline.issues.evidence import Evidence, Flags, distinct_rows, sampled_rows
from voc_pipeline.issues.going_on import goes_on_as
from voc_pipeline.issues.joining import join, likeness_to_others
from voc_pipeline.issues.register_options import RegisterOptions
from voc_pipeline.issues.standing import LINEAGE_SCHEMA, NOWHERE, Codes, Numbers, Standing, match

_LEAST_THRESHOLD = 0.05


class RegisterWeek:
    """`place` is, for every row of the window, the position of its issue in `standings`, or -1."""

    def __init__(
        self, standings: list[Standing], evidence: Evidence, week: date, options: RegisterOptions
    ) -> None:
        self.standings = standings
        self.evidence = evidence
        self.week = week
        self.options = options
        position = {one.issue_id: at for at, one in enumerate(standings)}
        current = evidence.frame["current_issue_id"].to_list()
        self.place = np.array([position.get(name, NOWHERE) for name in current], dtype=np.int64)
        self.place[evidence.is_new] = NOWHERE
        self.before = self.place.copy()
        self.near = self.place.copy()
        self.score = np.zeros(len(evidence))
        self._events: list[tuple[str, str, str, int]] = []
        self._founded = min((one.born_week for one in standings), default=week)

    def run(self) -> None:
        """All of the week, in its order."""
        if self.standings:
            self._bear(self._emerging(), self.evidence.is_young & self.evidence.is_on_time)
        else:
            self._bear(self._founding(), np.ones(len(self.evidence), dtype=bool))
        self._assign()
        if self.standings:
            unsettled = self._unsettled()
            self._bear(self._overlooked(unsettled), unsettled & self.evidence.is_on_time)
            self._split_apart()
        self._merge_converging()
        self._age()

    def lineage(self) -> pl.DataFrame:
        """One row per event, issue and other issue of the week."""
        rows = [(self.week, *event) for event in self._events]
        return pl.DataFrame(rows, schema=LINEAGE_SCHEMA, orient="row").sort(
            "event", "issue_id", "other_issue_id"
        )

    def _founding(self) -> list[Codes]:
        """The first issues, found in all that is there, once there is enough of it."""
        evidence = self.evidence
        rows = distinct_rows(evidence, np.flatnonzero(evidence.is_on_time & evidence.is_telling))
        if not self._can_found(rows):
            return []
        vectors = evidence.vectors[rows]
        labels = discover(vectors, self.options.discovery)
        least = self.options.founding_contrast
        return [rows[c] for c in cores(vectors, labels, floor=background(vectors), least=least)]

    def _can_found(self, rows: Codes) -> bool:
        """Texts enough for all issues to show, or a few weeks of what there is."""
        if len(rows) < self.options.least_founding_texts:
            return False
        first: date = self.evidence.frame["received_week"][0]
        waited = first <= self.week - timedelta(weeks=self.options.founding_weeks - 1)
        return waited or len(rows) >= self.options.founding_texts

    def _unsettled(self) -> Flags:
        """Which rows have no issue, or one so wide that it is a mixture."""
        held = distinct_rows(self.evidence, np.flatnonzero(self.place != NOWHERE))
        sizes = np.bincount(self.place[held], minlength=len(self.standings))
        wide = sizes > self.options.widest_share * len(held)
        wide &= sizes >= 2 * self.options.least_overlooked
        unsettled: Flags = np.append(wide, True)[self.place]
        return unsettled

    def _overlooked(self, unsettled: Flags) -> list[Codes]:
        """Groups of unsettled rows that hang together: small steady issues the start missed.

        They have a past, so the emergence test never bears them.
        """
        evidence, options = self.evidence, self.options
        telling = np.flatnonzero(evidence.is_on_time & evidence.is_telling)
        rows = distinct_rows(evidence, telling[unsettled[telling]])
        rows = sampled_rows(evidence, rows, options.emergence.past_sample)
        if len(rows) < options.least_overlooked:
            return []
        vectors = evidence.vectors[rows]
        labels = discover(vectors, options.rediscovery)
        whole = distinct_rows(evidence, telling)
        floor = background(evidence.vectors[whole])
        groups = cores(vectors, labels, floor=floor, least=self._least_contrast(floor))
        size = options.overlooked_size(len(whole))
        return [rows[group] for group in groups if self._is_overlooked(rows[group], size)]

    def _least_contrast(self, floor: float) -> float:
        """How much a part that has a past must hang together: nearly as issues usually do."""
        usual = [one.contrast(floor) for one in self.standings if one.is_open and one.weight > 1]
        share = self.options.overlooked_contrast
        return max(self.options.founding_contrast, share * float(np.median(usual or [0.0])))

    def _is_overlooked(self, rows: Codes, size: float) -> bool:
        """Large enough, spoken of this week, and not what an issue is about already."""
        enough = len(np.unique(self.evidence.feedback[rows])) >= size
        return bool(
            enough and self.evidence.is_new[rows].any() and not self._is_known(rows, has_past=True)
        )

    def _emerging(self) -> list[Codes]:
        """Groups of young rows that are new by the emergence test and known under no issue."""
        evidence, options = self.evidence, self.options
        is_young = evidence.is_young & (evidence.frame["received_week"] > self._founded).to_numpy()
        distinct = distinct_rows(
            evidence, np.flatnonzero(evidence.is_on_time & evidence.is_telling)
        )
        young = sampled_rows(evidence, distinct[is_young[distinct]], options.emergence.young_sample)
        past = sampled_rows(evidence, distinct[~is_young[distinct]], options.emergence.past_sample)
        rows = np.sort(np.concatenate([young, past]))
        groups = emergent_groups(
            Stream(
                vectors=evidence.vectors[rows],
                feedback=evidence.feedback[rows],
                source=evidence.source[rows],
                age=np.where(evidence.is_new, 0, np.where(is_young, 1, 2))[rows],
            ),
            false_births=options.false_births_per_week,
            seed=self.week.toordinal(),
            options=options.emergence,
        )
        return [rows[group] for group in groups if not self._is_known(rows[group])]

    def _is_known(self, rows: Codes, *, has_past: bool = False) -> bool:
        """Whether an issue has this group already.

        A young issue has it by its centre or by most of its texts. An older one has it only if the
        test could not see that: if it was hardly spoken of in the weeks that the test compares
        with, or if the two are as good as the same, or if it has lost what the group has (then it
        is the issue, and its wording drifts), or if it surges without the group too. A group
        without a past beside an issue that goes on is another problem, however near.
        """
        vectors = self.evidence.vectors[rows]
        centre = centre_of(vectors)
        nearest = int(match(self.standings, centre[None])[1][0])
        for at, one in enumerate(self.standings):
            if not one.is_open:
                continue
            likeness = round(float(centre @ one.centre()), 6)
            seen = not (has_past or self._is_fresh(one)) and self._past_count(at) >= len(rows)
            if likeness >= self.options.same_similarity:
                return True
            if likeness >= self.options.merge_similarity and not seen:
                return True
            beside = seen and at == nearest and likeness >= self.options.drift_similarity
            if beside and goes_on_as(rows, at, self.standings, self.evidence, self.before):
                return True
        joined = match(self.standings, vectors)[0]
        fresh = [at != NOWHERE and self._is_fresh(self.standings[at]) for at in joined]
        return bool(2 * sum(fresh) > len(fresh))

    def _past_count(self, at: int) -> int:
        """Segments of an issue in the window that came before the young weeks."""
        return int(((self.before == at) & ~self.evidence.is_young).sum())

    def _is_fresh(self, one: Standing) -> bool:
        """Born lately, by emergence and not with the register itself."""
        oldest = self.week - timedelta(weeks=self.options.fresh_weeks)
        return one.is_open and one.born_week > max(oldest, self._founded)

    def _bear(self, groups: list[Codes], movable: Flags) -> None:
        """An issue for every group that enough voices tell in enough wordings.

        What was found together stays together; the other movable rows join by likeness.
        """
        groups = [rows for rows in groups if self._is_broad(rows)]
        if not groups:
            return
        rows = np.flatnonzero(movable)
        vectors = self.evidence.vectors[rows]
        newborn = self._newborn(groups)
        known = len(self.standings)
        place = match([*self.standings, *newborn], vectors)[0]
        broad = [at for at in range(len(newborn)) if self._is_broad(rows[place == known + at])]
        taken = max((one.number for one in self.standings), default=0)
        number = max(taken, self.options.numbers_taken)
        for at in broad:
            newborn[at].number = number = number + 1
            self.standings.append(newborn[at])
        place, _, score = match(self.standings, vectors)
        for at, group in enumerate(broad, start=known):
            found = np.isin(rows, groups[group])
            likeness = (vectors[found] @ self.standings[at].centre()).astype(np.float64).round(6)
            place[found], score[found] = at, likeness
        gained = place >= known
        self._move(rows[gained], place[gained], score[gained])
        for at in range(known, len(self.standings)):
            self._begin(at)

    def _newborn(self, groups: list[Codes]) -> list[Standing]:
        """Unnumbered issues whose sum is, for the moment, their group's centre."""
        vectors = self.evidence.vectors
        centres = [centre_of(vectors[rows]) for rows in groups]
        inside = [likeness_to_others(vectors[rows]) for rows in groups]
        known = [one.threshold for one in self.standings if one.is_open]
        share, weight = self.options.threshold_share, self.options.threshold_weight
        everywhere = float(np.median(known) if known else np.quantile(np.hstack(inside), share))
        newborn = []
        for rows, centre, similarity in zip(groups, centres, inside, strict=True):
            least = float(np.quantile(similarity, share))
            threshold = (len(rows) * least + weight * everywhere) / (len(rows) + weight)
            newborn.append(
                Standing(
                    number=0,
                    vector_sum=centre.astype(np.float64),
                    weight=0.0,
                    threshold=round(max(threshold, _LEAST_THRESHOLD), 6),
                    born_week=self.week,
                    first_week=self.week,
                    last_week=self.week,
                )
            )
        return newborn

    def _begin(self, at: int) -> None:
        """Start a newborn's own history: its weeks, and where its mentions came from."""
        one, mine = self.standings[at], np.flatnonzero(self.place == at)
        weeks = [self.evidence.weeks[row] for row in mine]
        one.first_week, one.last_week = min(weeks), max(weeks)
        origins = Counter(self.before[mine].tolist())
        self._event("born", one.issue_id, "", origins.pop(NOWHERE, 0))
        for donor in sorted(origins):
            self._event("born", one.issue_id, self.standings[donor].issue_id, origins[donor])

    def _is_broad(self, rows: Codes) -> bool:
        """Several voices in several wordings: a text pasted by many is no issue of its own."""
        return (
            len(np.unique(self.evidence.voice[rows])) >= self.options.least_voices
            and len(np.unique(self.evidence.wording[rows])) >= self.options.least_wordings
        )

    def _assign(self) -> None:
        """Give every new segment that has no place yet to the nearest issue, if near enough."""
        evidence = self.evidence
        rows = np.flatnonzero(evidence.is_new & (self.place == NOWHERE))
        known = distinct_rows(evidence, np.flatnonzero(self.place != NOWHERE))
        known = known[-self.options.known_texts :]
        place, near, score = join(
            self.standings,
            evidence.vectors[rows],
            evidence.vectors[known],
            self.place[known],
            evidence.heard[known],
        )
        self.near[rows], self.score[rows] = near, score
        joined = place != NOWHERE
        self._move(rows[joined], place[joined], score[joined])
        for at in np.unique(self.place[self.evidence.is_new & (self.place != NOWHERE)]):
            one = self.standings[at]
            mine = np.flatnonzero(self.evidence.is_new & (self.place == at))
            weeks = [self.evidence.weeks[row] for row in mine]
            one.first_week = min(one.first_week, *weeks)
            one.last_week = max(one.last_week, *weeks)

    def _move(self, rows: Codes, to: Codes, score: Numbers) -> None:
        """Put rows under issues, taking them out of the issues that have them; sums follow."""
        evidence, came_from = self.evidence, self.place[rows]
        for sign, places in ((-1, came_from), (1, to)):
            for at in np.unique(places[places != NOWHERE]):
                mine = rows[places == at]
                one = self.standings[at]
                if sign > 0 and one.weight <= 0:
                    one.vector_sum = np.zeros_like(one.vector_sum)
                one.change(evidence.vectors[mine], evidence.weights[mine], sign)
        self.place[rows] = self.near[rows] = to
        self.score[rows] = score

    def _split_apart(self) -> None:
        """Give the smaller half of an issue that has come apart a new id; only the window moves."""
        options, evidence = self.options, self.evidence
        turn = self.week.toordinal() // 7
        floor = background(
            evidence.vectors[distinct_rows(evidence, np.flatnonzero(evidence.is_telling))]
        )
        least = self._least_contrast(floor)
        for at in range(len(self.standings)):
            one = self.standings[at]
            is_due = one.is_open and not (one.number + turn) % options.apart_weeks
            if not is_due or one.contrast(floor) >= least:
                continue
            mine = np.flatnonzero((self.place == at) & evidence.is_telling)
            rows = distinct_rows(evidence, mine)
            if len(rows) < 2 * options.least_half or not evidence.is_new[mine].any():
                continue
            labels, alike = halves(evidence.vectors[rows])
            smaller = int(labels.sum())
            if alike >= options.apart_likeness or 4 * smaller < len(rows):
                continue
            away = rows[labels == 1]
            hangs_together = contrast(evidence.vectors[away], floor) >= least
            if smaller >= options.least_half and hangs_together and self._is_broad(away):
                self._split(at, mine[np.isin(evidence.wording[mine], evidence.wording[away])])

    def _split(self, at: int, rows: Codes) -> None:
        """Move rows of an issue to one that begins with them."""
        one = self.standings[at]
        child = self._newborn([rows])[0]
        taken = max(other.number for other in self.standings)
        child.number = max(taken, self.options.numbers_taken) + 1
        self.standings.append(child)
        to = np.full(len(rows), len(self.standings) - 1, dtype=np.int64)
        score = (self.evidence.vectors[rows] @ child.centre()).astype(np.float64).round(6)
        self._move(rows, to, score)
        weeks = [self.evidence.weeks[row] for row in rows]
        child.first_week, child.last_week = min(weeks), max(weeks)
        self._event("born", child.issue_id, "", 0)
        self._event("split", one.issue_id, child.issue_id, len(rows))

    def _merge_converging(self) -> None:
        """Put a fresh issue into the older one that it has come to resemble, the youngest first."""
        for at in range(len(self.standings) - 1, 0, -1):
            one = self.standings[at]
            if not self._is_fresh(one):
                continue
            older = [other for other in range(at) if self.standings[other].is_open]
            likeness = [round(float(one.centre() @ self.standings[o].centre()), 6) for o in older]
            best = int(np.argmax(likeness)) if older else 0
            if older and likeness[best] >= self._merge_limit(one, self.standings[older[best]]):
                into = older[best]
                moved = self.standings[into].absorb(one)
                self._event("merged", one.issue_id, self.standings[into].issue_id, moved)
                mine = np.flatnonzero(self.place == at)
                centre = self.standings[into].centre()
                self.score[mine] = (self.evidence.vectors[mine] @ centre).round(6)
                self.place[mine] = into
                self.near[self.near == at] = into

    def _merge_limit(self, one: Standing, older: Standing) -> float:
        """Two issues born within the young weeks are likely one event, and need be less alike.

        One that was born beside an older issue, or in one week with another, was told apart from
        it by the test, and only joins it when the two have become the same.
        """
        apart = one.born_week - older.born_week
        if not self._is_fresh(older) or not apart:
            return self.options.same_similarity
        if apart < timedelta(weeks=self.options.young_weeks):
            return self.options.twin_similarity
        return self.options.merge_similarity

    def _age(self) -> None:
        """Call quiet issues dormant, active again those someone mentions, retired the emptied."""
        quiet = self.week - timedelta(weeks=self.options.dormant_weeks)
        for one in self.standings:
            if one.is_open and not one.member_count:
                one.state = "retired"
                self._event("retired", one.issue_id, "", 0)
            elif one.state == "active" and one.last_week <= quiet:
                one.state = "dormant"
                self._event("dormant", one.issue_id, "", 0)
            elif one.state == "dormant" and one.last_week > quiet:
                one.state = "active"
                self._event("returned", one.issue_id, "", 0)

    def _event(self, event: str, issue: str, other: str, mentions: int) -> None:
        self._events.append((event, issue, other, mentions))
