"""The built-in exchange: a pure matching engine behind a server that wears a venue's real wire protocol as a mask."""
