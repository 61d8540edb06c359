#!/bin/bash
# The server as the ticket finds it: everybody gets in with a password, root too, and a settings file
# that was meant for one afternoon.
set -eu
umask 022
cat >/etc/network/interfaces.d/management <<CONF
auto eth0
iface eth0 inet static
    address $LAB_SRV/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
cat >/etc/ssh/sshd_config.d/10-moving-day.conf <<CONF
# For the afternoon of the move, so that everybody gets in. Remove afterwards.
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication yes
CONF
systemctl enable --now ssh

# The operations desk sends its people's public keys, and gets the server's own.
mkdir -m 0700 /root/keys
own=$(mktemp)
cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub >"$own"
# From a file: nc ends with the other side's input, whatever a pipe might still have brought.
nc -l -N "$LAB_SRV" 7001 <"$own" >/root/keys/all
rm "$own"
while read -r type key name; do
    echo "$type $key $name" >"/root/keys/$name.pub"
done </root/keys/all
rm /root/keys/all

may_enter() {  # may_enter NAME: with the key of that name
    install -d -o "$1" -g "$1" -m 0700 "/home/$1/.ssh"
    install -o "$1" -g "$1" -m 0600 "/root/keys/$1.pub" "/home/$1/.ssh/authorized_keys"
}
for name in $LAB_PEOPLE; do
    useradd --create-home --shell /bin/bash "$name"
    echo "$name:$LAB_PASSWORD" | chpasswd
done
echo "root:$LAB_PASSWORD" | chpasswd
may_enter "$LAB_ME"
may_enter "$LAB_CLERK"
may_enter "$LAB_LEAVER"
rm "/root/keys/$LAB_LEAVER.pub"
install -d -m 0700 /root/.ssh
install -m 0600 /root/keys/root.pub /root/.ssh/authorized_keys
rm /root/keys/root.pub

# The backup server fetches a list every night, and may do nothing else.
useradd --system --create-home --home-dir /home/fetch --shell /bin/sh fetch
printf '#!/bin/sh\necho "list of %s for $USER"\n' "$LAB_STAMP" >/usr/local/bin/nightly-list
chmod 0755 /usr/local/bin/nightly-list
may_enter fetch
sed -i 's|^|restrict,command="/usr/local/bin/nightly-list" |' /home/fetch/.ssh/authorized_keys

case $LAB_TRAP in
    home) chmod 0775 "/home/$LAB_COLLEAGUE" ;;
    file)
        mkdir -m 0700 "/home/$LAB_COLLEAGUE/.ssh"
        touch "/home/$LAB_COLLEAGUE/.ssh/authorized_keys"
        chmod 0666 "/home/$LAB_COLLEAGUE/.ssh/authorized_keys"
        chown -R "$LAB_COLLEAGUE:$LAB_COLLEAGUE" "/home/$LAB_COLLEAGUE/.ssh" ;;
    owner)
        mkdir -m 0700 "/home/$LAB_COLLEAGUE/.ssh" ;;  # root's, from an attempt by root
esac
