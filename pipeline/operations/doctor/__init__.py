"""Checks of the machine, the services and the model for `fakeme doctor`."""
