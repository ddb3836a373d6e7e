"""Import `inference` before torch, since it configures how OpenMP threads wait."""

from hypothesis import settings

import inference  # noqa: F401

settings.register_profile("shared-cores", deadline=None)  # a busy machine must not fail a property
settings.load_profile("shared-cores")
