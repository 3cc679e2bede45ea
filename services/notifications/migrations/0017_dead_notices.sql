-- migrate:up

-- Dead notices are listed, counted and redriven, the latest first.
CREATE INDEX notices_dead ON notices (due_at, notice_id) WHERE state = 'dead';

CREATE POLICY support_redrives ON notices FOR UPDATE TO notifications_support
  USING (state = 'dead') WITH CHECK (state = 'pending');
GRANT UPDATE (state, attempts, reason, due_at) ON notices TO notifications_support;

-- A count for whoever scrapes, on the login role, which reads no table. Row-level security holds
-- for the owner too.
CREATE POLICY owner_counts_dead_notices ON notices FOR SELECT TO notifications_owner
  USING (state = 'dead');
CREATE FUNCTION count_dead_notices() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT count(*) FROM public.notices WHERE state = 'dead';
  END;
REVOKE ALL ON FUNCTION count_dead_notices FROM PUBLIC;
GRANT EXECUTE ON FUNCTION count_dead_notices TO notifications;

-- migrate:down
DROP FUNCTION count_dead_notices;
DROP POLICY owner_counts_dead_notices ON notices;
REVOKE UPDATE (state, attempts, reason, due_at) ON notices FROM notifications_support;
DROP POLICY support_redrives ON notices;
DROP INDEX notices_dead;
