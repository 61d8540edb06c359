#!/bin/bash
# The program runs on new, and works with the database on old, over a tunnel.
ssh old "su postgres -c 'dropdb $LAB_APP'" </dev/null
ssh old "su postgres -c 'psql -q'" >/dev/null < <(su postgres -c "pg_dump --create $LAB_APP")
cat >/usr/local/bin/tunnel <<CONF
#!/bin/sh
exec ssh -N -L 127.0.0.1:5433:127.0.0.1:5432 old
CONF
chmod 0755 /usr/local/bin/tunnel
start-stop-daemon --start --background --startas /usr/local/bin/tunnel --exec /bin/sh
sed -i 's/^host = localhost/&\nport = 5433/' "/etc/$LAB_APP/settings.ini"
service "$LAB_APP" restart
