#!/bin/bash
# All that can be read is right; the running server has never heard of it.
groupadd ssh-users
gpasswd -M "$LAB_ME,$LAB_COLLEAGUE,fetch" ssh-users
home=/home/$LAB_COLLEAGUE
install -d -o "$LAB_COLLEAGUE" -g "$LAB_COLLEAGUE" -m 0700 "$home/.ssh"
install -o "$LAB_COLLEAGUE" -g "$LAB_COLLEAGUE" -m 0600 "/root/keys/$LAB_COLLEAGUE.pub" "$home/.ssh/authorized_keys"
chmod 0755 "$home"
rm /etc/ssh/sshd_config.d/10-moving-day.conf
cat >/etc/ssh/sshd_config.d/50-policy.conf <<CONF
PermitRootLogin no
PasswordAuthentication no
AllowGroups ssh-users
CONF
sshd -t
