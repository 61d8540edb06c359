#!/bin/bash
# The file server as the ticket finds it: two accounts, and root's two programs for the folder.
set -eu
groupadd keyholders
useradd --create-home --shell /bin/bash --groups keyholders "$LAB_VETERAN"
useradd --create-home --shell /bin/bash "$LAB_OUTSIDER"

cat >"$LAB_PROGRAM" <<CONF
#!/bin/sh
# Copies $LAB_FOLDER to the archive, where only root can read and write.
set -eu
umask 077
tar -C /srv -cf /var/backups/$LAB_SHARE.tar $LAB_SHARE
echo "$LAB_SHARE archived for \${SUDO_USER:-root}" | tee -a /var/log/archive.log
CONF
cat >"/usr/local/sbin/purge-$LAB_SHARE" <<CONF
#!/bin/sh
# Empties the archive. For root alone, at the end of the year.
set -eu
rm -f /var/backups/$LAB_SHARE.tar
echo "the archive of $LAB_SHARE is empty"
CONF
chmod 0750 "$LAB_PROGRAM" "/usr/local/sbin/purge-$LAB_SHARE"
