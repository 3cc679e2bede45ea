-- migrate:up

-- Where a number list says it: which account of the losing carrier a number is on.
ALTER TABLE lines
  ADD COLUMN account_number text,
  ADD COLUMN billing_number text COLLATE "C";

-- The same answers as before, from plans that a session keeps: a function in SQL is planned anew
-- at every call, which cost more than the search itself. One lookup for each candidate, whatever
-- the statistics say of a table that has just been filled.
CREATE OR REPLACE FUNCTION find_taken_numbers(candidates text[])
RETURNS TABLE (phone_number text, is_ours boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN QUERY
  SELECT i.tracking_number, true
  FROM inventory_numbers AS i
  WHERE i.tracking_number = ANY(candidates)
    AND i.state NOT IN ('DISABLED', 'RELEASED')
  UNION ALL
  SELECT l.tracking_number, false
  FROM lines AS l
  WHERE l.tracking_number = ANY(candidates)
    AND l.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE');
END $$;

CREATE OR REPLACE FUNCTION find_forwarded_to(candidates text[])
RETURNS TABLE (phone_number text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN QUERY
  SELECT l.forwarding_number
  FROM lines AS l
  WHERE l.forwarding_number = ANY(candidates)
    AND l.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE');
END $$;

-- What stands against a request's numbers, over all accounts, in one call.
CREATE FUNCTION find_obstacles(request text)
RETURNS TABLE (phone_number text, obstacle text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN QUERY
  SELECT own.tracking_number, 'OURS'
  FROM lines AS own
  JOIN inventory_numbers AS i ON i.tracking_number = own.tracking_number
  WHERE own.port_request_id = request
    AND i.state NOT IN ('DISABLED', 'RELEASED')
    AND i.port_request_id IS DISTINCT FROM request
  UNION
  SELECT own.tracking_number, 'CLAIMED'
  FROM lines AS own
  JOIN lines AS other ON other.tracking_number = own.tracking_number
  WHERE own.port_request_id = request
    AND other.port_request_id <> request
    AND other.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
  UNION
  SELECT own.tracking_number, 'LOOP'
  FROM lines AS own
  JOIN lines AS other ON other.forwarding_number = own.tracking_number
  WHERE own.port_request_id = request
    AND other.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
  UNION
  SELECT outside.forwarding_number, 'LOOP'
  FROM (
    SELECT DISTINCT own.forwarding_number FROM lines AS own WHERE own.port_request_id = request
  ) AS outside
  WHERE EXISTS (
      SELECT
      FROM inventory_numbers AS i
      WHERE i.tracking_number = outside.forwarding_number
        AND i.state NOT IN ('DISABLED', 'RELEASED')
    )
    OR EXISTS (
      SELECT
      FROM lines AS other
      WHERE other.tracking_number = outside.forwarding_number
        AND other.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
    )
    OR EXISTS (
      SELECT
      FROM lines AS own
      WHERE own.port_request_id = request
        AND own.tracking_number = outside.forwarding_number
    );
END $$;
REVOKE ALL ON FUNCTION find_obstacles FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_obstacles TO porting_tenant, porting_support, porting_worker;

-- migrate:down
DROP FUNCTION find_obstacles;

CREATE OR REPLACE FUNCTION find_taken_numbers(candidates text[])
RETURNS TABLE (phone_number text, is_ours boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
  SELECT i.tracking_number, true
  FROM inventory_numbers AS i
  WHERE i.tracking_number = ANY(candidates)
    AND i.state NOT IN ('DISABLED', 'RELEASED')
  UNION ALL
  SELECT l.tracking_number, false
  FROM lines AS l
  WHERE l.tracking_number = ANY(candidates)
    AND l.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
$$;
ALTER FUNCTION find_taken_numbers RESET plan_cache_mode;

CREATE OR REPLACE FUNCTION find_forwarded_to(candidates text[])
RETURNS TABLE (phone_number text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
  SELECT l.forwarding_number
  FROM lines AS l
  WHERE l.forwarding_number = ANY(candidates)
    AND l.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
$$;
ALTER FUNCTION find_forwarded_to RESET plan_cache_mode;

ALTER TABLE lines
  DROP COLUMN billing_number,
  DROP COLUMN account_number;
