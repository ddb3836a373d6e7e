"""In which order moderators should see cases: harm first, then likelihood, then how many people are affected.

The numbers are points on one scale, chosen so that each factor can outweigh the next smaller ones:

- the worst reason given counts up to 40 (:data:`REASON_POINTS`);
- the detector's score up to 30;
- distinct reporters up to 30, by the logarithm, since accounts that report together are cheap to make;
- a surge 20, since what spreads fast harms fast;
- an appeal 10, since a person is tagged who may be right;
- an escalation 200, more than all others together: a colleague asks for a second opinion now;
- two points for each hour of waiting, so that the least case overtakes a fresh one with all points
  (except an escalated one) within three days.

Age grows by itself, so it is not stored: a case keeps :func:`case_priority`, and whoever orders cases
adds :data:`POINTS_PER_HOUR`, as :func:`aged` does (in SQL: ``storage.cases.AGED_PRIORITY``).
"""

import math
from collections.abc import Collection
from datetime import timedelta

from schemas.posts import ReportReason

REASON_POINTS = {
    ReportReason.SEXUAL: 40.0,  # a crime in most places, and the harm cannot be undone
    ReportReason.IMPERSONATION: 25.0,  # fraud, and a person's name
    ReportReason.MISINFORMATION: 20.0,  # harms many, each a little
    ReportReason.UNTAGGED_DEEPFAKE: 15.0,  # the tag is missing; nobody is said to be harmed
    ReportReason.OTHER: 5.0,
}
SCORE_POINTS = 30.0
UNKNOWN_SCORE = 0.5  # nothing was judged (yet): as likely as not
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
    """Points of a case without its age, 0 to 330; more is looked at sooner.

    ``score`` is the detector's probability (none: nothing was judged), ``reporters`` counts different people.
    """
    reason = max((REASON_POINTS[reason] for reason in reasons), default=0.0)
    likelihood = SCORE_POINTS * (UNKNOWN_SCORE if score is None else score)
    reach = min(MAX_REPORTER_POINTS, REPORTER_POINTS * math.log2(1 + reporters))
    flags = SURGE_POINTS * surged + APPEAL_POINTS * appealed + ESCALATION_POINTS * escalated
    return reason + likelihood + reach + flags


def aged(priority: float, age: timedelta) -> float:
    """Points of a case that has waited for ``age``."""
    return priority + POINTS_PER_HOUR * (age / timedelta(hours=1))
