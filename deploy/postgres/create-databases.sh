#!/bin/sh
# Creates each service's database and roles. For /docker-entrypoint-initdb.d beside roles.sql;
# needs PORTING_DATABASE_PASSWORD, NUMBERS_DATABASE_PASSWORD, NOTIFICATIONS_DATABASE_PASSWORD.
set -eu
roles=${ROLES_SQL:-/portline/roles.sql}

for service in porting numbers notifications; do
  name=$(echo "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_PASSWORD
  eval "password=\${$name:?set $name}"
  createdb --username "$POSTGRES_USER" "$service"
  {
    echo "SELECT set_config('portline.service', :'service', false) \\g /dev/null"
    echo "SELECT set_config('portline.password', :'password', false) \\g /dev/null"
    cat "$roles"
  } | psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$service" \
    --set service="$service" --set password="$password"
done
