#!/bin/bash
# The model solution.
groupadd ssh-users
gpasswd -M "$LAB_ME,$LAB_COLLEAGUE,fetch" ssh-users

home=/home/$LAB_COLLEAGUE
install -d -o "$LAB_COLLEAGUE" -g "$LAB_COLLEAGUE" -m 0700 "$home/.ssh"
install -o "$LAB_COLLEAGUE" -g "$LAB_COLLEAGUE" -m 0600 "/root/keys/$LAB_COLLEAGUE.pub" "$home/.ssh/authorized_keys"
# unchecked: needed where the home directory was left open to its group, which is one of three states.
chmod go-w "$home"

rm /etc/ssh/sshd_config.d/10-moving-day.conf
cat >/etc/ssh/sshd_config.d/50-policy.conf <<CONF
# unchecked: root is not in the group either; two bolts are better than one.
PermitRootLogin no
PasswordAuthentication no
AllowGroups ssh-users
CONF
sshd -t # unchecked: a look before the leap.
service ssh reload
