"""What keys and typed lines do: one room for each noun, from an action's id to a use case of the desk."""
