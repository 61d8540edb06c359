"""Probes, checks, verdicts and the engine that runs them; knows neither `labctl` nor `tui`."""
