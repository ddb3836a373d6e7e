"""Without a broker, creating topics ends with a message that says what to check."""

import pytest

from infra import topics
from infra.topics import TopicsError, declare_topics


def test_no_broker_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "TIMEOUT_SECONDS", 1.0)

    with pytest.raises(TopicsError, match="no broker answers within 1 s: check FAKEME_KAFKA_BOOTSTRAP"):
        declare_topics("127.0.0.1:1")
