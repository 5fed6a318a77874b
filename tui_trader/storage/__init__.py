"""What is kept on the local disk."""
