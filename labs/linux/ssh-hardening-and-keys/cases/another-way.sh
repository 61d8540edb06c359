#!/bin/bash
# Another right way: everything in the main file, users by name besides the group, and the colleague's
# key in a folder that is root's.
groupadd --system ssh-users
for name in $LAB_ME $LAB_COLLEAGUE fetch; do
    usermod -aG ssh-users "$name"
done
mkdir -p /etc/ssh/keys
cp "/root/keys/$LAB_COLLEAGUE.pub" "/etc/ssh/keys/$LAB_COLLEAGUE"
chmod 0755 /etc/ssh/keys "/home/$LAB_COLLEAGUE"
chmod 0644 "/etc/ssh/keys/$LAB_COLLEAGUE"
rm -f "/home/$LAB_COLLEAGUE/.ssh/authorized_keys" /root/.ssh/authorized_keys
cat >/etc/ssh/sshd_config <<CONF
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
DenyUsers root
AllowGroups ssh-users root
UsePAM yes
Subsystem sftp /usr/lib/openssh/sftp-server
CONF
systemctl restart ssh
