"""Values and arithmetic of trading: pure, standard library only, no I/O."""
