#!/bin/bash
# The model solution: one line, with the key that packages are verified with.
echo "deb [signed-by=/etc/apt/keyrings/$LAB_COMPANY.gpg] http://$LAB_MIRROR:8080/$LAB_COMPANY stable main" \
    >"/etc/apt/sources.list.d/$LAB_COMPANY.list"
apt-get -q update
