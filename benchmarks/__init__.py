"""The benchmark suite: memodisk beside its peers and beside what the machine needs: `python -m benchmarks`."""
