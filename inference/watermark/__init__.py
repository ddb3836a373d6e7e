"""An invisible mark in pictures that survives what social networks do to them."""
