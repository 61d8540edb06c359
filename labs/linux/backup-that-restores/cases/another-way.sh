#!/bin/bash
# Another right way: the file by way of another folder; Python's tarfile in a closed folder; root's own
# crontab with variables of its own; who is kept is chosen by time.
for archive in $(ls -t "$LAB_STORE/$LAB_NAME"-*.tar.gz); do
    if gzip -t "$archive" 2>/dev/null; then break; fi
done
trial=$(mktemp -d)
tar -xzf "$archive" -C "$trial"
cp -p "$trial$LAB_DATA/$LAB_LOST" "$LAB_DATA/$LAB_LOST"
rm -r "$trial"

chmod 0700 "$LAB_STORE"
cat >"$LAB_PROGRAM" <<CONF
#!/bin/sh
fail() {
    echo "FAILED: \$1" | tee -a $LAB_LOG >&2
    rm -f "\$archive"
    exit 1
}
archive=$LAB_STORE/$LAB_NAME-\$(stamp).tar.gz
[ -d $LAB_DATA ] || fail "no $LAB_DATA"
tar --create --gzip --file="\$archive" --directory=/ .$LAB_DATA || fail "tar"
tar --compare --gzip --file="\$archive" --directory=/ >/dev/null || fail "not whole"
ls -t $LAB_STORE | grep '^$LAB_NAME-' | sed '1,${LAB_KEEP}d' | while read -r old; do
    rm "$LAB_STORE/\$old"
done
echo "OK \$archive"  >>$LAB_LOG
CONF
rm /etc/cron.d/backup*
crontab - <<CONF
PATH="/opt/office/bin:/usr/bin:/bin"
SHELL=/bin/bash
$LAB_MINUTE  $LAB_HOUR  */1  1-12  0-6  cd / && $LAB_PROGRAM 2>/dev/null || logger backup failed on \$(date +\%F)
CONF
systemctl enable cron
