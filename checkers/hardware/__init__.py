"""Check types about machines, what hands did to them, and printers. One module a type."""
