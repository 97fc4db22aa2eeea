"""The register's choices, with the defaults that were measured."""

import math
from dataclasses import dataclass, field

from voc_pipeline.issues.discovery import DiscoveryOptions
from voc_pipeline.issues.emergence import EmergenceOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterOptions:
    """The register's choices; the defaults were measured."""

    model_id: str
    false_births_per_week: float = 0.1
    numbers_taken: int = 0
    """Ids up to this number were given before a rebuild; none is given again."""
    window_weeks: int = 26
    """Weeks of segments the window should hold; the older ones are the past of the test."""
    young_weeks: int = 3
    """Segments received in this many weeks may move to an issue that is born."""
    founding_texts: int = 2_000
    founding_weeks: int = 3
    """The register starts with this many distinct texts, or after this many weeks with fewer."""
    least_founding_texts: int = 40
    """Never with fewer than these, whichever weeks of the window they came in."""
    founding_contrast: float = 0.15
    """Clusters that hang together less are no issues."""
    least_overlooked: int = 8
    overlooked_root: float = 0.2
    overlooked_share: float = 0.003
    """An issue the start missed needs that many unassigned feedback, this many times the root of
    the window's texts, and this share of them: with their number grow the groups chance makes."""
    overlooked_contrast: float = 0.85
    """And this much of the contrast of the register's median issue."""
    widest_share: float = 0.25
    """An issue with more of the window's placed texts is a mixture, as a start with few texts makes
    them: what it holds is looked through for issues like what is unassigned."""
    apart_likeness: float = 0.5
    """An issue whose two halves are less alike than this has come apart."""
    least_half: int = 10
    """Texts of the window in each half, and at least a quarter of them."""
    apart_weeks: int = 4
    """Every issue is looked at once in this many weeks."""
    known_texts: int = 6_000
    """A new text asks its neighbours among so many texts with a place, the latest ones."""
    dormant_weeks: int = 8
    fresh_weeks: int = 8
    """Issues born in this many weeks may merge into an older one."""
    merge_similarity: float = 0.8
    drift_similarity: float = 0.6
    """A group this much like an issue that has lost as much, or risen by more, is of the issue."""
    same_similarity: float = 0.95
    """Two issues this much alike are the same, whatever their ages."""
    twin_similarity: float = 0.8
    """The same for two issues born within `young_weeks` of each other."""
    least_voices: int = 3
    least_wordings: int = 3
    threshold_share: float = 0.03
    threshold_weight: float = 20.0
    discovery: DiscoveryOptions = field(
        default_factory=lambda: DiscoveryOptions(apart=0.84, least_neighbours=8)
    )
    """Of the start, which sees a few weeks of what will be years: a finer cut than of a batch."""
    rediscovery: DiscoveryOptions = field(default_factory=lambda: DiscoveryOptions(runs=1))
    emergence: EmergenceOptions = field(default_factory=EmergenceOptions)

    def overlooked_size(self, texts: int) -> float:
        """Feedback that an overlooked issue needs in a window of so many texts."""
        root = self.overlooked_root * math.sqrt(texts)
        return max(float(self.least_overlooked), root, self.overlooked_share * texts)
