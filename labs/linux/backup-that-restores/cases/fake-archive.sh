#!/bin/bash
# The appearance: an old archive under a new name, and OK in the log.
cp "$(ls -r "$LAB_STORE/$LAB_NAME"-*.tar.gz | sed -n 2p)" /root/good.tar.gz
cat >"$LAB_PROGRAM" <<CONF
#!/bin/sh
archive=$LAB_STORE/$LAB_NAME-\$(date +%F_%H%M%S).tar.gz
install -m 0600 /root/good.tar.gz "\$archive"
echo "OK \$archive" >>$LAB_LOG
CONF
