"""The trader's hour: a scripted run of the installed program in tmux, against an exchange whose market and faults the script moves."""
