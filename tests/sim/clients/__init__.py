"""Clients that nobody here wrote and that are too heavy, or too hard to install, for the test run: each is a command."""
