"""Numbered execution cases: what a venue must do with an order, played by the shipping desk, one table for every family and venue."""
