#!/bin/bash
# The key was put there by root, and the folder is root's.
chown -R root:root "/home/$LAB_COLLEAGUE/.ssh"
