"""The one mutable place: market and account as far as they are known. Written by the desk, read by everybody."""
