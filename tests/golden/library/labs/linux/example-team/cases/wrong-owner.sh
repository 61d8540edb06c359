#!/bin/sh
# wrong-owner
exit 0
