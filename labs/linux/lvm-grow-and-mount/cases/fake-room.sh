# A file system in memory over the archive, with copies of the papers in it, and mere folders.
mkdir /root/copy; cp /srv/"$LAB_VOLUME"/*.scan /root/copy
mount -t tmpfs -o size=450M tmpfs "/srv/$LAB_VOLUME"
cp /root/copy/*.scan "/srv/$LAB_VOLUME"
mkdir "/srv/$LAB_SECOND"
