-- migrate:up

-- When the first call came after the number's present port-out: customer and support are
-- alerted once (S78).
ALTER TABLE tracking_numbers ADD COLUMN called_after_port_out_at timestamptz;
GRANT UPDATE (called_after_port_out_at) ON tracking_numbers TO numbers_tenant, numbers_support;

-- Until when somebody else had a number: what is told late of a call then is no call of now.
CREATE INDEX former_numbers_by_phone_number ON tracking_numbers (phone_number, disabled_at)
  WHERE disabled_at IS NOT NULL;

-- The owner sees the calls that were counted before only unforced.
ALTER TABLE unknown_calls ADD COLUMN first_called_at timestamptz;
ALTER TABLE unknown_calls NO FORCE ROW LEVEL SECURITY;
UPDATE unknown_calls SET first_called_at = last_called_at;
ALTER TABLE unknown_calls FORCE ROW LEVEL SECURITY;
ALTER TABLE unknown_calls ALTER COLUMN first_called_at SET DEFAULT clock_timestamp();
ALTER TABLE unknown_calls ALTER COLUMN first_called_at SET NOT NULL;
CREATE INDEX unknown_calls_by_time ON unknown_calls (last_called_at, phone_number);

-- Deliveries of calls over HTTP by the sender's id, until their signatures hold no longer: what
-- is sent again does nothing again.
CREATE TABLE call_deliveries (
  id text COLLATE "C" PRIMARY KEY,
  body_hash bytea NOT NULL,
  kept_until timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX call_deliveries_by_end ON call_deliveries (kept_until);
ALTER TABLE call_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_deliveries FORCE ROW LEVEL SECURITY;

-- Where numbers ring now: one indexed read in one round trip, for a machine that belongs to no
-- account. It runs as the owner, whom FORCE holds to a policy of its own, and in PL/pgSQL, which
-- keeps its plan.
CREATE POLICY owner_finds_routes ON tracking_numbers FOR SELECT TO numbers_owner USING (true);

CREATE FUNCTION find_routes(numbers text[])
RETURNS TABLE (
  phone_number text,
  forwarding_number text,
  state text,
  number_id text,
  account_id text,
  company_id text
)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT n.phone_number, n.forwarding_number, n.state, n.id, n.account_id, n.company_id
  FROM public.tracking_numbers AS n
  WHERE n.phone_number = ANY(numbers)
    AND n.state NOT IN ('DISABLED', 'RELEASED')
    AND n.state <> 'QUARANTINED';
END
$$;
REVOKE ALL ON FUNCTION find_routes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_routes TO numbers;

-- migrate:down
DROP FUNCTION find_routes;
DROP POLICY owner_finds_routes ON tracking_numbers;
DROP TABLE call_deliveries;
DROP INDEX unknown_calls_by_time;
ALTER TABLE unknown_calls DROP COLUMN first_called_at;
DROP INDEX former_numbers_by_phone_number;
ALTER TABLE tracking_numbers DROP COLUMN called_after_port_out_at;
