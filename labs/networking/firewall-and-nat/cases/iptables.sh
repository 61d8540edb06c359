#!/bin/bash
# Another right way: iptables, loaded before the interfaces come up.
cat >/etc/iptables.rules <<CONF
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -i eth2 -p tcp --dport 22 -j ACCEPT
-A INPUT -i eth2 -p icmp -j ACCEPT
-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A FORWARD -i eth2 -o eth0 -j ACCEPT
-A FORWARD -i eth2 -d $LAB_WEB -p tcp -m multiport --dports 22,80,$LAB_ADMIN_PORT -j ACCEPT
-A FORWARD -i eth2 -d $LAB_WEB -p icmp -j ACCEPT
-A FORWARD -i eth0 -d $LAB_WEB -p tcp --dport 80 -j ACCEPT
-A FORWARD -i eth1 -o eth0 -p tcp --dport 80 -j ACCEPT
-A FORWARD -i eth1 -o eth2 -j REJECT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -i eth0 -p tcp --dport $LAB_SHOP_PORT -j DNAT --to-destination $LAB_WEB:80
-A POSTROUTING -o eth0 -j SNAT --to-source $LAB_FW_OUTSIDE
COMMIT
CONF
cat >/etc/network/if-pre-up.d/firewall <<'CONF'
#!/bin/sh
iptables-restore </etc/iptables.rules
CONF
chmod 755 /etc/network/if-pre-up.d/firewall
/etc/network/if-pre-up.d/firewall
