"""The benchmark runs; what it measures is never asserted."""
