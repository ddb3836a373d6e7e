"""Priority of cases in the moderation queue: harm first, then likelihood, then the number of people affected.

The priority is a sum of points, with each factor able to outweigh the smaller ones:

- up to 40 for the most severe reason (:data:`REASON_POINTS`);
- up to 30 for the detector's score;
- up to 30 for distinct reporters, on a logarithmic scale, because fake accounts are cheap;
- 20 for a surge, because the post is spreading fast;
- 10 for an appeal, because the tag may be wrong;
- 200 for an escalation, more than all other factors together, because a moderator waits for a second opinion;
- 2 for each hour of waiting, so that the lowest case overtakes a new case with all points (except an
  escalated one) within three days.

Age changes constantly, so it is not stored. A case stores :func:`case_priority`, and the queue adds
:data:`POINTS_PER_HOUR` as :func:`aged` does (in SQL: ``storage.cases.AGED_PRIORITY``).
"""

import math
from collections.abc import Collection
from datetime import timedelta

from schemas.posts import ReportReason

REASON_POINTS = {
    ReportReason.SEXUAL: 40.0,  # a crime in most countries, with irreversible harm
    ReportReason.IMPERSONATION: 25.0,  # fraud and damage to a person's reputation
    ReportReason.MISINFORMATION: 20.0,  # a small harm to many people
    ReportReason.UNTAGGED_DEEPFAKE: 15.0,  # a missing tag; no harm is reported
    ReportReason.OTHER: 5.0,
}
SCORE_POINTS = 30.0
UNKNOWN_SCORE = 0.5  # no score (yet): neutral
REPORTER_POINTS = 6.0  # for each doubling of reporters
MAX_REPORTER_POINTS = 30.0  # reached at 31 reporters
SURGE_POINTS = 20.0
APPEAL_POINTS = 10.0
ESCALATION_POINTS = 200.0
POINTS_PER_HOUR = 2.0


def case_priority(
    *,
    reasons: Collection[ReportReason],
    score: float | None,
    reporters: int,
    surged: bool,
    appealed: bool,
    escalated: bool,
) -> float:
    """Return the points of a case without its age, 0 to 330; higher is more urgent.

    ``score`` is the detector's probability (None: no score), ``reporters`` the number of distinct reporters.
    """
    reason = max((REASON_POINTS[reason] for reason in reasons), default=0.0)
    likelihood = SCORE_POINTS * (UNKNOWN_SCORE if score is None else score)
    reach = min(MAX_REPORTER_POINTS, REPORTER_POINTS * math.log2(1 + reporters))
    flags = SURGE_POINTS * surged + APPEAL_POINTS * appealed + ESCALATION_POINTS * escalated
    return reason + likelihood + reach + flags


def aged(priority: float, age: timedelta) -> float:
    """Return the points of a case that has waited for ``age``."""
    return priority + POINTS_PER_HOUR * (age / timedelta(hours=1))
