#!/bin/bash
# Another right way, if an odd one: what the file sets is put right afterwards at every boot.
cat >/etc/rc.local <<CONF
#!/bin/sh
ip address flush dev eth0
ip address add $LAB_PC/$LAB_OFFICE_PREFIXLEN broadcast + dev eth0
ip route replace default via $LAB_GATEWAY
CONF
chmod +x /etc/rc.local
/etc/rc.local
