echo saved > /srv/saved
sync
