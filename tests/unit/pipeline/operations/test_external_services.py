"""All three services are external, or none."""

import pytest

from pipeline.errors import SettingsError
from pipeline.operations.external_services import EXTERNAL, services_are_external

ALL = dict.fromkeys(EXTERNAL, "somewhere")


@pytest.mark.parametrize(
    ("environment", "external"),
    [({}, False), (dict.fromkeys(EXTERNAL, ""), False), (ALL, True), ({**ALL, "X": "y"}, True)],
)
def test_all_or_none(environment: dict[str, str], external: bool) -> None:
    assert services_are_external(environment) is external


@pytest.mark.parametrize("missing", EXTERNAL)
def test_naming_only_some_services_is_an_error(missing: str) -> None:
    some = {name: value for name, value in ALL.items() if name != missing}
    with pytest.raises(SettingsError, match=f"but not {missing}"):
        services_are_external(some)
