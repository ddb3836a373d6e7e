"""Convert collections (folders, archives, videos) to shards of face crops with an index."""
