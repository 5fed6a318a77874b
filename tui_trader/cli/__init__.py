"""The shell commands; each imports what it needs when it runs, so that ``--help`` stays instant."""
