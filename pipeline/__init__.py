"""How it flows: the consume-handle-publish-commit loop, consumers, producers, settings, the command."""
