#!/bin/bash
# The database has come along, the files have not.
find "/var/lib/$LAB_APP/slips" -name '*.txt' -delete
