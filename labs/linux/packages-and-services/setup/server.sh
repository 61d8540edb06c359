#!/bin/bash
# The server as the ticket finds it: packages of the company, some on hold, and sources that are wrong.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_SERVER/$LAB_LAN_PREFIXLEN
CONF
ifup eth0

mirror=http://$LAB_MIRROR:8080
mkdir -p /etc/apt/keyrings
for _ in $(seq 300); do
    curl -fs -o "/etc/apt/keyrings/$LAB_COMPANY.gpg" "$mirror/$LAB_COMPANY.gpg" && break
    sleep 0.3
done
chmod 0644 "/etc/apt/keyrings/$LAB_COMPANY.gpg"

cd /root
for file in "${LAB_FONTS}_$LAB_FONTS_OLD" "${LAB_DRIVER}_1.4-1" "${LAB_OLD}_0.9-3"; do
    curl -fsO "$mirror/$LAB_COMPANY/pool/${file}_all.deb"
done
dpkg -i ./*.deb >/dev/null
rm ./*.deb
apt-mark hold "$LAB_FONTS" "$LAB_DRIVER" >/dev/null
systemctl --quiet enable --now "$LAB_OLD"
install -d "/srv/$LAB_OLD"
printf '%s\n' 'Messages for the reception' "$LAB_MEMO" >"/srv/$LAB_OLD/messages"

suite=stable port=8080 key=/etc/apt/keyrings/$LAB_COMPANY.gpg
case $LAB_FAULT in
    suite) suite=main ;;
    port) port=80 ;;
    key) key=/usr/share/keyrings/$LAB_COMPANY.gpg ;;
esac
cat >"/etc/apt/sources.list.d/$LAB_COMPANY.list" <<CONF
# Packages of $LAB_COMPANY
deb [signed-by=$key] http://$LAB_MIRROR:$port/$LAB_COMPANY $suite main
CONF
