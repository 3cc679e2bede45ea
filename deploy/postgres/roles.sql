-- The roles and rights of one service. Run it by a superuser in the service's own database,
-- again as often as you like, also at the same time as others, after these two:
--   SELECT set_config('portline.service', 'porting', false);
--   SELECT set_config('portline.password', '…', false);
-- psql and asyncpg both can; deploy/postgres/create-databases.sh and deploy/local/databases.py do.

DO $$
DECLARE
  service text := current_setting('portline.service');
  secret text := current_setting('portline.password');
  owner text := service || '_owner';
  may_become text[] := ARRAY[service || '_tenant', service || '_support', service || '_worker'];
  role text;
BEGIN
  IF service !~ '^[a-z][a-z_]*$' OR secret = '' THEN
    RAISE EXCEPTION 'set portline.service to a service''s name and portline.password to its password';
  END IF;

  -- Roles belong to the whole cluster: one session at a time changes them.
  LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE;

  FOREACH role IN ARRAY may_become || owner || service LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I', role);
    END IF;
  END LOOP;

  -- Owns the tables and runs the migrations.
  EXECUTE format('ALTER ROLE %I LOGIN NOINHERIT NOBYPASSRLS PASSWORD %L', owner, secret);
  -- What the service logs in as. It has no rights of its own: who forgets to take a role sees nothing.
  EXECUTE format('ALTER ROLE %I LOGIN NOINHERIT NOBYPASSRLS PASSWORD %L', service, secret);
  -- One account's rows, every account's rows, and relay, consumers and timers.
  EXECUTE format('ALTER ROLE %I NOLOGIN NOBYPASSRLS', service || '_tenant');
  EXECUTE format('ALTER ROLE %I NOLOGIN NOBYPASSRLS', service || '_support');
  EXECUTE format('ALTER ROLE %I NOLOGIN BYPASSRLS', service || '_worker');
  FOREACH role IN ARRAY may_become LOOP
    EXECUTE format('GRANT %I TO %I', role, service);
  END LOOP;

  EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), owner);
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I, %I', current_database(), service, owner);

  EXECUTE format('ALTER SCHEMA public OWNER TO %I', owner);
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  FOREACH role IN ARRAY may_become LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
  END LOOP;
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE ALL ON FUNCTIONS FROM PUBLIC', owner);
END
$$;
