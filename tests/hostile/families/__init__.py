"""The families of hostile files; each module yields :class:`tests.hostile.case.Case` objects."""
