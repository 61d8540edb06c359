"""The centre's policy: rules that differ from centre to centre, as data and not as code.

    rules   what a policy says, as frozen values; the defaults hold where no file says otherwise
    shape   the shape of `policy.yaml`, and its JSON Schema
    file    `policy.yaml` → rules, with every mistake at its place

A session keeps the rules that held when it began.
"""
