#!/bin/bash
# The office's server as the ticket finds it: data in use, archives that are whole and some that are
# not, and a job that somebody moved here from a login shell.
set -eu
umask 022
read -r clerk other <<<"$LAB_PEOPLE"
groupadd "$LAB_NAME"
useradd --create-home --shell /bin/bash --groups "$LAB_NAME" "$clerk"
useradd --create-home --shell /bin/bash --groups "$LAB_NAME" "$other"

install -d -o root -g "$LAB_NAME" -m 2770 "$LAB_DATA"
cd "$LAB_DATA"
mkdir -p "2025/board papers" 2026/drafts
printf 'date,entry,amount\n2026-01-07,opening,120.00\n' >ledger.csv
printf 'Minutes of the board, first version\n' >"$LAB_LOST"
printf 'Agenda for the spring meeting\n' >"2025/board papers/agenda (final).txt"
printf 'hidden, but needed\n' >.index
head -c 49152 /dev/urandom >2026/site-photo.jpg
ln -s 2026 current
find . -type f -exec chown "$clerk:$LAB_NAME" {} + -exec chmod 0660 {} +
find . -mindepth 1 -type d -exec chown "$other:$LAB_NAME" {} + -exec chmod 2770 {} +
chmod 0640 "$LAB_LOST"

install -d -m 0755 "$LAB_STORE"
printf 'Archives of the mail server, kept by hand. Ask %s before you remove any.\n' "$other" \
    >"$LAB_STORE/READ-ME.txt"
printf 'not an archive of this job\n' | gzip -n >"$LAB_STORE/mail-2026-01-31_020000.tar.gz"
archive() {  # archive DAYS-AGO: a whole one, as the job made them while it worked
    local file="$LAB_STORE/$LAB_NAME-$(date -d "-$1 days" +%F)_020000.tar.gz"
    tar -C / -czf "$file" "${LAB_DATA#/}"
    chmod 0600 "$file"
    touch -d "-$1 days 02:00" "$file"
}
archive 14
printf '2026-02-11,repairs,-35.50\n' >>ledger.csv
printf 'Minutes of the board, first version\nApproved with two changes: %s\n' "$LAB_PHRASE" >"$LAB_LOST"
archive 13
archive 12
rm "$LAB_LOST"  # by mistake, and it was noticed only now
broken="$LAB_STORE/$LAB_NAME-$(date -d '-11 days' +%F)_020000.tar.gz"
head -c 600 "$LAB_STORE/$LAB_NAME-$(date -d '-12 days' +%F)_020000.tar.gz" >"$broken"
chmod 0600 "$broken"
touch -d '-11 days 02:00' "$broken"
printf '2026-03-02,new work: %s\n' "$LAB_PHRASE" >>ledger.csv
printf 'Notes that no archive has yet\n' >2026/drafts/notes.txt
chown "$clerk:$LAB_NAME" 2026/drafts/notes.txt
chmod 0660 2026/drafts/notes.txt

# Where the job finds its settings when somebody runs it by hand.
cat >>/root/.profile <<CONF

export BACKUP_DATA=$LAB_DATA
export PATH=\$PATH:/opt/office/bin
CONF
mkdir -p /opt/office/bin
cat >/opt/office/bin/stamp <<'CONF'
#!/bin/sh
# The time as it stands in the names of archives.
date +%F_%H%M%S
CONF
chmod 0755 /opt/office/bin/stamp
cat >"$LAB_PROGRAM" <<CONF
#!/bin/sh
# Saves the data of the office. See the handbook, page 7.
store=$LAB_STORE

cd \$store
# Keep the disk from filling up.
ls | sort | tail -n +4 | xargs rm -f
archive=\$store/$LAB_NAME-\$(stamp).tar.gz
tar -C / -c \${BACKUP_DATA#/} 2>/dev/null | gzip >\$archive
echo "OK \$archive" >>$LAB_LOG
CONF
chmod 0755 "$LAB_PROGRAM"
cat >"$LAB_LOG" <<CONF
OK $LAB_STORE/$LAB_NAME-$(date -d '-12 days' +%F)_020000.tar.gz
OK $LAB_STORE/$LAB_NAME-$(date -d '-11 days' +%F)_020000.tar.gz
CONF

line="$LAB_MINUTE $LAB_HOUR * * *  root  $LAB_PROGRAM >/dev/null 2>&1"
table=/etc/cron.d/backup-$LAB_NAME
case $LAB_FAULT in
    name) table=/etc/cron.d/backup.$LAB_NAME ;;
    percent) line="$LAB_MINUTE $LAB_HOUR * * *  root  $LAB_PROGRAM >/tmp/backup-\$(date +%F).out 2>&1" ;;
esac
printf '# The nightly backup of the office.\n%s\n' "$line" >"$table"
[ "$LAB_FAULT" != mode ] || chmod 0664 "$table"
update-rc.d cron disable
