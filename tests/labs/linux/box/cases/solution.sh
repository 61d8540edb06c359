echo saved > /srv/saved
sync
echo unsaved > /run/unsaved
echo slow > /run/slow
