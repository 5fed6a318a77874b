"""kill -9 at every journal and await point: the program in a process of its own, the exchange in another, and what is left."""
