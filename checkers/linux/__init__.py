"""Check types about files, accounts, programs and services. One module a type, named like it."""
