#!/bin/bash
# The PC as the ticket finds it: a queue that leads nowhere and is stopped, with two jobs in it.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_DESK/$LAB_LAN_PREFIXLEN
CONF
ifup eth0

printer=ipp://$LAB_PRINTER/ipp/print
for _ in $(seq 300); do
    ipptool -q "$printer" get-printer-attributes.test && lpstat -r | grep -q 'is running' && break
    sleep 0.3
done

# CUPS asks the printer what it can, and opens the queue once more when it knows.
lpadmin -p "$LAB_QUEUE" -E -v "$printer" -m everywhere -D "Carrow CX $LAB_PART" -L "First floor"
for _ in $(seq 100); do
    [ -e "/etc/cups/ppd/$LAB_QUEUE.ppd" ] && break
    sleep 0.1
done
sleep 1
lpadmin -p labels -E -v "socket://$LAB_LABELS" -D "Label printer" -L "Warehouse" 2>/dev/null
lpadmin -d labels
cupsdisable -r "Printer offline" "$LAB_QUEUE"

# document USER TITLE LINES: sends a PDF of these lines, in PostScript, to the queue.
document() {
    gs -q -sDEVICE=pdfwrite -o "/tmp/$2.pdf" - <<PS
/top { /y 780 def /Courier findfont 11 scalefont setfont } def
/line { 60 y moveto show /y y 14 sub def y 60 lt { showpage top } if } def
top
$3
showpage
PS
    lp -d "$LAB_QUEUE" -U "$1" -t "$2" "/tmp/$2.pdf" >/dev/null
    rm "/tmp/$2.pdf"
}
read -r first second <<<"$LAB_STAFF"
document "$first" price-list "
    (PRICE LIST $LAB_STRAY_KEY) line
    1 1 1500 { $LAB_PART add 12 string cvs (Article         ) dup 9 4 -1 roll putinterval line } for"
document "$second" visitors "
    (VISITORS OF THE DAY) line
    (The door code for visitors is $LAB_VISITORS_KEY) line"

install -d /srv/service
case $LAB_FAULT in
    address) lpadmin -p "$LAB_QUEUE" -v "ipp://$LAB_NOBODY/ipp/print" ;;
    path) lpadmin -p "$LAB_QUEUE" -v "ipp://$LAB_PRINTER/printers/$LAB_QUEUE" ;;
    port) lpadmin -p "$LAB_QUEUE" -v "ipp://$LAB_PRINTER:9100/ipp/print" ;;
esac
if [ "$LAB_INTAKE" = shut ]; then cupsreject -r "Printer offline" "$LAB_QUEUE"; fi

# Had anything been sent already, the lab would be another one.
LC_ALL=C lpstat -p "$LAB_QUEUE" | grep -q disabled
[ "$(lpstat -o "$LAB_QUEUE" | wc -l)" -eq 2 ]
