"""One file, one pane."""
