"""The controller: library, sessions, providers, store, marking, evidence and the command."""
