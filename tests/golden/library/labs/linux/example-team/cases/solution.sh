#!/bin/sh
# solution
exit 0
