"""The benchmark: ``python -m tests.bench`` prints one table of goals, each a ratio of two things measured in the same run."""
