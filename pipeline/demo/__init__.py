"""The demo: media made on the spot go through the whole pipeline, and what comes out is shown and checked."""
