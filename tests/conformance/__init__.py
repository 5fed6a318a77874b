"""Numbered execution cases: what must come of an order, played by the shipping desk, one table for every family and venue."""
