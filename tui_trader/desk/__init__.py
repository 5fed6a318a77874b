"""The application without a screen: owns the connections and the Store, and is all that a pane or a shell command may call."""
