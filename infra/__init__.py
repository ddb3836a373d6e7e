"""Where it runs: the local stack, and the files that deploy the same services elsewhere."""
