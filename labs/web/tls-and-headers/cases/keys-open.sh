#!/bin/bash
# Keys that everybody can read, so that "it works" for sure.
chmod 0644 "$LAB_KEY" "$LAB_CA_KEY"
