#!/bin/bash
# The model solution: a job that knows where it is, and finishes an archive before it is one.
cat >"$LAB_PROGRAM" <<CONF
#!/bin/bash
# Saves $LAB_DATA to $LAB_STORE and keeps the $LAB_KEEP newest archives. Run by cron.
set -euo pipefail
umask 077

part=$LAB_STORE/.$LAB_NAME.part
ended() {
    status=\$?
    rm -f "\$part"
    [ \$status -eq 0 ] || echo "FAILED \$(date) with status \$status" >>$LAB_LOG
}
trap ended EXIT

archive=$LAB_STORE/$LAB_NAME-\$(date +%F_%H%M%S).tar.gz
tar -C / -czf "\$part" ${LAB_DATA#/}
mv "\$part" "\$archive"
echo "OK \$archive" >>$LAB_LOG
ls -r $LAB_STORE/$LAB_NAME-????-??-??_??????.tar.gz | tail -n +$((LAB_KEEP + 1)) | xargs -r rm -f
CONF
