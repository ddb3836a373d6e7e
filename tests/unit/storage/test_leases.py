from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from storage.errors import CaseDecidedError, CaseError, CaseNotClaimedError, LeaseExpiredError
from storage.leases import lease_error
from storage.tables import Case

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
EARLIER = NOW - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "holder", "until", "fault", "words"),
    [
        ("claimed", "kim", LATER, None, ""),
        ("claimed", "kim", NOW, LeaseExpiredError, "claim it again"),
        ("claimed", "kim", EARLIER, LeaseExpiredError, "claim it again"),
        ("claimed", "lee", LATER, CaseNotClaimedError, "claimed by lee"),
        ("claimed", "lee", EARLIER, CaseNotClaimedError, "unclaimed"),
        ("open", None, None, CaseNotClaimedError, "unclaimed"),
        ("escalated", None, None, CaseNotClaimedError, "unclaimed"),
        ("decided", None, None, CaseDecidedError, "already decided"),
    ],
)
def test_lease_error_of_each_case_state(
    state: str, holder: str | None, until: datetime | None, fault: type[CaseError] | None, words: str
) -> None:
    case = Case(case_id=UUID(int=1), state=state, leased_by=holder, leased_until=until)
    found = lease_error(case, "kim", NOW)
    assert (None if found is None else type(found)) is fault
    assert words in str(found or "")
