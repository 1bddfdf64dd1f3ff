"""The same work on Tricera and on its peers: `python -m benchmarks` (see `--help`)."""
