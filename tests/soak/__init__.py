"""The installed program for as long as one likes: hours against an exchange that misbehaves, minutes against a dead terminal."""
