"""Workers read what schemas.flow says, which is what the event reference and AsyncAPI tell people."""

import pytest

from pipeline.consumers.detection.consumer import Detection
from pipeline.consumers.moderation.consumer import Moderation
from pipeline.consumers.tagging.stream import READS
from schemas.flow import FLOWS, Party

READ_BY = {
    Party.DETECTION: [source.topic for source in Detection.subscriptions],
    Party.MODERATION: [source.topic for source in Moderation.subscriptions],
    Party.TAGGING: list(READS),
}


@pytest.mark.parametrize("party", READ_BY)
def test_worker_reads_what_the_flow_says(party: Party) -> None:
    told = {flow.topic.name for flow in FLOWS if party in flow.readers}

    assert {topic.name for topic in READ_BY[party]} == told
