"""The measured claims of the README: ``python -m benchmarks`` prints them all."""
