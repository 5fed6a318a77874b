"""A keyboard-first trading terminal for perpetual futures."""

__version__ = "0.1.0"
