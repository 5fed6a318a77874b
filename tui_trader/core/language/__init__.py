"""The order language: what may be typed, what it means, and how it is spelled. ``command`` and ``grammar`` are its doors."""
