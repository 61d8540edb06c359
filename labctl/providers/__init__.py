"""Providers of lab hosts, each behind the same small protocols (see `base`)."""
