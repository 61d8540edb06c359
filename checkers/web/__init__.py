"""Check types about what a web server answers. One module a type, named like it."""
