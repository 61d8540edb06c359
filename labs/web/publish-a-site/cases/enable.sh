#!/bin/bash
# The model solution: nginx starts with the machine.
systemctl enable nginx
