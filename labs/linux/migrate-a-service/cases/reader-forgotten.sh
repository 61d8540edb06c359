#!/bin/bash
# Only the role that owns the database was made again.
su postgres -c "psql -q -v ON_ERROR_STOP=1 $LAB_APP" <<CONF
DROP OWNED BY ${LAB_APP}_reader;
DROP ROLE ${LAB_APP}_reader;
CONF
