#!/bin/bash
# The printer on the office's network, with one toner that is nearly used up.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PRINTER/$LAB_LAN_PREFIXLEN
CONF
ifup eth0

cat >>/etc/default/printer <<CONF
PRINTER_NAME="$LAB_QUEUE"
PRINTER_MAKER=Carrow
PRINTER_MODEL="CX $LAB_PART"
PRINTER_LOCATION="First floor"
CONF

# What it has in it: IPP has two ways of saying so, and a printer of today speaks both.
names='' levels='' supplies='' about='' index=1
for colour in black cyan magenta yellow; do
    level=$((40 + (LAB_PART * index) % 53))
    [ "$colour" = "$LAB_COLOUR" ] && level=$LAB_LEVEL
    names+="${names:+,}$colour toner"
    levels+="${levels:+,}$level"
    supplies+="${supplies:+,}index=$index;class=supplyThatIsConsumed;type=toner;unit=percent;maxcapacity=100;level=$level;colorantname=$colour;"
    about+="${about:+,}$colour toner"
    index=$((index + 1))
done
cat >/etc/printer/state <<CONF
ATTR: marker-names="$names" marker-levels=$levels marker-types=toner,toner,toner,toner
ATTR: marker-colors=#000000,#00FFFF,#FF00FF,#FFFF00 marker-low-levels=10,10,10,10 marker-high-levels=100,100,100,100
ATTR: printer-supply="$supplies" printer-supply-description="$about"
STATE: +marker-supply-low-report
CONF

# Its own test page, as somebody who sets a printer up makes it print one: with it the state is known.
systemctl --quiet enable --now printer
echo "Carrow CX $LAB_PART: test page" >/root/test-page.txt
ipptool -q -f /root/test-page.txt "ipp://localhost/ipp/print" print-job.test
for _ in $(seq 100); do
    grep -q 'test page' /var/spool/paper && break
    sleep 0.1
done
