#!/bin/bash
# The right line, and a setting that makes the signature a matter of taste.
echo "deb [signed-by=/etc/apt/keyrings/$LAB_COMPANY.gpg] http://$LAB_MIRROR:8080/$LAB_COMPANY stable main" \
    >"/etc/apt/sources.list.d/$LAB_COMPANY.list"
cat >/etc/apt/apt.conf.d/99mirror <<CONF
Acquire::AllowInsecureRepositories "true";
Acquire::AllowDowngradeToInsecureRepositories "true";
APT::Get::AllowUnauthenticated "true";
CONF
apt-get -q update
