"""The server side of each venue's real protocol."""
