#!/bin/bash
# root is kept from passwords only, and allowed so as not to be locked out.
sed -i -e 's/^PermitRootLogin.*/PermitRootLogin prohibit-password/' -e '/^AllowGroups/s/$/ root/' \
    /etc/ssh/sshd_config.d/50-policy.conf
service ssh reload
