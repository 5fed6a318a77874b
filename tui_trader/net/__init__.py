"""Bytes in motion, for every venue alike: one WebSocket session, one REST client, limits, back-off, tasks."""
