"""The detection worker: post events in, verdicts on their media out."""
