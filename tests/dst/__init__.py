"""Fault histories: the shipping desk on virtual time against the built-in exchange; ``python -m tests.dst`` runs them."""
