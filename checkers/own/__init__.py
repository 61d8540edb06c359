"""Check types for what no other fits: a lab's own code. One module a type, named like it."""
