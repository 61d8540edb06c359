#!/bin/bash
# The service was stopped on old, and nobody asked what the next boot does.
systemctl enable "$LAB_APP"
