#!/bin/bash
# The model solution, before the change: all that can be copied while the service runs.
useradd --system --home-dir "/var/lib/$LAB_APP" --shell /usr/sbin/nologin "$LAB_APP"
rsync -a "old:/opt/$LAB_APP" /opt/
rsync -a "old:/etc/$LAB_APP" /etc/
rsync -a "old:/etc/init.d/$LAB_APP" /etc/init.d/
rsync -a "old:/usr/local/bin/$LAB_APP-count" /usr/local/bin/
# unchecked: a first copy makes the second one short.
rsync -a "old:/var/lib/$LAB_APP" /var/lib/
ssh old 'su postgres -c "pg_dumpall --roles-only"' | grep -v ' ROLE postgres' | su postgres -c 'psql -q'
