"""What must stay secret: how it is kept out of sight, and out of everything that is printed or written down."""
