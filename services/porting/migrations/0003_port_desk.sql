-- migrate:up

-- The lines of one request that one losing carrier can move together.
CREATE TABLE carrier_orders (
  id text COLLATE "C" PRIMARY KEY,
  port_request_id text COLLATE "C" NOT NULL REFERENCES port_requests (id),
  account_id text COLLATE "C" NOT NULL,
  losing_carrier text NOT NULL,
  losing_carrier_key text NOT NULL,
  country text NOT NULL,
  is_toll_free boolean NOT NULL,
  losing_account text NOT NULL,
  billing_number text COLLATE "C",
  created_at timestamptz NOT NULL,
  requested_firm_date date,
  sent_at timestamptz,
  carrier_reference text
);
CREATE INDEX carrier_orders_by_request ON carrier_orders (port_request_id, id);

ALTER TABLE lines ADD COLUMN carrier_order_id text COLLATE "C" REFERENCES carrier_orders (id);
CREATE INDEX lines_by_carrier_order ON lines (carrier_order_id, id)
  WHERE carrier_order_id IS NOT NULL;

ALTER TABLE carrier_orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE carrier_orders FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_account ON carrier_orders TO porting_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY everything ON carrier_orders TO porting_support USING (true);
CREATE POLICY of_the_requester ON carrier_orders AS RESTRICTIVE TO porting_tenant
  USING (
    coalesce(current_setting('app.requester', true), '') = ''
    OR EXISTS (SELECT FROM port_requests AS r WHERE r.id = carrier_orders.port_request_id)
  );
GRANT SELECT ON carrier_orders TO porting_tenant;
GRANT UPDATE (requested_firm_date) ON carrier_orders TO porting_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON carrier_orders TO porting_support;

-- What the port desk sorts and filters by, written whenever the request is saved: a page of the
-- queue reads one index. Without a firm date a request sorts last.
ALTER TABLE port_requests
  ADD COLUMN requested_firm_date date,
  ADD COLUMN claimed_by text,
  ADD COLUMN claimed_at timestamptz,
  ADD COLUMN waiting_on text NOT NULL DEFAULT 'REQUESTER',
  ADD COLUMN line_count integer NOT NULL DEFAULT 0,
  ADD COLUMN unsent_count integer NOT NULL DEFAULT 0,
  ADD COLUMN earliest_firm_date date NOT NULL DEFAULT 'infinity',
  ADD COLUMN losing_carriers text[] NOT NULL DEFAULT '{}',
  ADD COLUMN countries text[] NOT NULL DEFAULT '{}',
  ADD COLUMN queued_at timestamptz
    GENERATED ALWAYS AS (coalesce(submitted_at, created_at)) STORED,
  ADD COLUMN is_open boolean GENERATED ALWAYS AS (
    status NOT IN ('DRAFT', 'COMPLETED', 'PARTIALLY_COMPLETED', 'CANCELLED', 'EXPIRED')
  ) STORED;

-- The owner is bound by the policies, too, and sees no rows: lifted for the rows of before.
ALTER TABLE port_requests NO FORCE ROW LEVEL SECURITY;
ALTER TABLE lines NO FORCE ROW LEVEL SECURITY;
UPDATE port_requests AS r
SET waiting_on = coalesce(
    r.fault_waiting_on,
    CASE r.status
      WHEN 'DRAFT' THEN 'REQUESTER'
      WHEN 'ACTION_REQUIRED' THEN 'REQUESTER'
      WHEN 'AWAITING_AUTHORIZATION' THEN 'ADMINISTRATOR'
      WHEN 'AWAITING_SIGNATURE' THEN 'SIGNER'
      WHEN 'IN_REVIEW' THEN 'SUPPORT'
      WHEN 'COMPLETED' THEN 'NOBODY'
      WHEN 'PARTIALLY_COMPLETED' THEN 'NOBODY'
      WHEN 'CANCELLED' THEN 'NOBODY'
      WHEN 'EXPIRED' THEN 'NOBODY'
      ELSE 'LOSING_CARRIER'
    END
  ),
  line_count = counted.lines,
  unsent_count = counted.unsent,
  earliest_firm_date = counted.firm_date
FROM (
  SELECT port_request_id, count(*) AS lines, count(*) FILTER (WHERE state = 'READY') AS unsent,
    coalesce(min(firm_date) FILTER (WHERE state IN ('APPROVED', 'ACTIVATING')), 'infinity')
      AS firm_date
  FROM lines
  GROUP BY port_request_id
) AS counted
WHERE r.id = counted.port_request_id;
ALTER TABLE lines FORCE ROW LEVEL SECURITY;
ALTER TABLE port_requests FORCE ROW LEVEL SECURITY;

CREATE INDEX open_requests_by_turn ON port_requests (waiting_on, status_since, id)
  WHERE is_open;
CREATE INDEX open_requests_by_wait ON port_requests (status_since, id) WHERE is_open;
CREATE INDEX open_requests_by_submission ON port_requests (queued_at, id) WHERE is_open;
CREATE INDEX open_requests_by_firm_date ON port_requests (earliest_firm_date, id)
  WHERE is_open;
CREATE INDEX open_requests_by_lines ON port_requests (line_count, id) WHERE is_open;
CREATE INDEX open_requests_by_account ON port_requests (account_id, id) WHERE is_open;
CREATE INDEX open_requests_by_claim ON port_requests (claimed_by, status_since, id)
  WHERE is_open AND claimed_by IS NOT NULL;

-- migrate:down
DROP INDEX open_requests_by_claim, open_requests_by_account, open_requests_by_lines, open_requests_by_firm_date,
  open_requests_by_submission, open_requests_by_wait, open_requests_by_turn;
ALTER TABLE port_requests
  DROP COLUMN is_open, DROP COLUMN queued_at, DROP COLUMN countries, DROP COLUMN losing_carriers,
  DROP COLUMN earliest_firm_date, DROP COLUMN line_count, DROP COLUMN unsent_count, DROP COLUMN waiting_on,
  DROP COLUMN claimed_at, DROP COLUMN claimed_by, DROP COLUMN requested_firm_date;
ALTER TABLE lines DROP COLUMN carrier_order_id;
DROP TABLE carrier_orders;
