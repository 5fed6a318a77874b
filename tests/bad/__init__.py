"""Bad inputs: every way that a number, an order, a file, a message or a string can be wrong, and what the program makes of it."""
