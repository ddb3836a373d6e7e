"""Imported before every test module here: `inference` sets how threads wait, which only works before torch."""

import inference  # noqa: F401
