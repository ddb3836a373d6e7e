"""From collections as people have them (folders, zips, videos) to shards of face crops with an index."""
