"""The trader's hour: a scripted run of the program in tmux, against an exchange whose market and faults the script moves."""
