"""The demo: publishes generated posts, follows them through the pipeline and checks the results."""
