#!/bin/bash
# Another right way: the same rule by aliases, for any host, as any user.
umask 0227
cat >"/etc/sudoers.d/$LAB_SHARE" <<CONF
User_Alias ARCHIVISTS = $LAB_DEPUTY
Cmnd_Alias ARCHIVE = $LAB_PROGRAM ""
Defaults!ARCHIVE !lecture
ARCHIVISTS ALL = (ALL : ALL) NOPASSWD: ARCHIVE
CONF
visudo -c
