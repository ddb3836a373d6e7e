"""Imported before the tests here: `inference` sets how threads wait, which has to be before torch."""

from hypothesis import settings

import inference  # noqa: F401

settings.register_profile("shared-cores", deadline=None)  # a busy machine is no failure of a property
settings.load_profile("shared-cores")
