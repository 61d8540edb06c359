"""Check types about addresses, routes, reachability and names. One module a type, named like it."""
