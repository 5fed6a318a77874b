"""The fault matrix over real sockets: a chaos proxy between the shipping desk and the built-in exchange, one row a case."""
