-- migrate:up

-- Live lines are looked up by a number and never all read. Statistics of a moment when no line was
-- live made reading the whole index of the other number look as cheap as a lookup; that its own
-- number is not null, each index now demands, and only a lookup says it.
ALTER INDEX one_live_line_per_number RENAME TO one_live_line_per_number_of_before;
ALTER INDEX lines_by_forwarding_number RENAME TO lines_by_forwarding_number_of_before;
CREATE UNIQUE INDEX one_live_line_per_number ON lines (tracking_number)
  WHERE state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
    AND tracking_number IS NOT NULL;
CREATE INDEX lines_by_forwarding_number ON lines (forwarding_number)
  WHERE state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
    AND forwarding_number IS NOT NULL;
DROP INDEX one_live_line_per_number_of_before, lines_by_forwarding_number_of_before;

-- Faults of lines are found by their line, or as open ones: this is for those of whole requests,
-- which were searched for among all that its lines ever had.
DROP INDEX faults_by_request;
CREATE INDEX faults_by_request ON faults (port_request_id, id) WHERE line_id IS NULL;

-- The same answers as before: each of the request's lines is read once and looked up three times.
-- OFFSET 0 and EXISTS over a union leave the planner no other way round.
CREATE OR REPLACE FUNCTION find_obstacles(request text)
RETURNS TABLE (phone_number text, obstacle text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN QUERY
  SELECT own.tracking_number, found.obstacle
  FROM lines AS own
  CROSS JOIN LATERAL (
    SELECT 'OURS'
    FROM inventory_numbers AS i
    WHERE i.tracking_number = own.tracking_number
      AND i.state NOT IN ('DISABLED', 'RELEASED')
      AND i.port_request_id IS DISTINCT FROM request
    UNION ALL
    SELECT 'CLAIMED'
    FROM lines AS other
    WHERE other.tracking_number = own.tracking_number
      AND other.port_request_id <> request
      AND other.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
    UNION ALL
    SELECT 'LOOP'
    FROM lines AS other
    WHERE other.forwarding_number = own.tracking_number
      AND other.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
    OFFSET 0
  ) AS found (obstacle)
  WHERE own.port_request_id = request
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
      UNION ALL
      SELECT
      FROM lines AS other
      WHERE other.tracking_number = outside.forwarding_number
        AND other.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
      UNION ALL
      SELECT
      FROM lines AS own
      WHERE own.port_request_id = request
        AND own.tracking_number = outside.forwarding_number
    );
END $$;

-- migrate:down
DROP INDEX faults_by_request;
CREATE INDEX faults_by_request ON faults (port_request_id, id);

CREATE OR REPLACE FUNCTION find_obstacles(request text)
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

ALTER INDEX one_live_line_per_number RENAME TO one_live_line_per_number_of_after;
ALTER INDEX lines_by_forwarding_number RENAME TO lines_by_forwarding_number_of_after;
CREATE UNIQUE INDEX one_live_line_per_number ON lines (tracking_number)
  WHERE state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE');
CREATE INDEX lines_by_forwarding_number ON lines (forwarding_number)
  WHERE state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE');
DROP INDEX one_live_line_per_number_of_after, lines_by_forwarding_number_of_after;
