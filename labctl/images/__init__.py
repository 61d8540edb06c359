"""Images of lab hosts and helpers: what they are made from, and whether they are up to date.

`library` reads the folders under `labs/images`, `digest` names an image by its inputs, `base`
brings in Debian, `build` makes what is missing, `cleanup` removes what is out of date.
"""
