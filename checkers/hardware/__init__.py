"""Check types about machines and what hands did to them. One module a type, named like it."""
