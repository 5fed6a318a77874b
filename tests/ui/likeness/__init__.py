"""Likenesses of panes and screens: words and styles of every cell, three sizes in three themes, in one small text file each."""
