#!/bin/bash
# New host keys, since that sounded safer.
rm /etc/ssh/ssh_host_*
ssh-keygen -A
service ssh restart
