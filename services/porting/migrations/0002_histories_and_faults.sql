-- migrate:up

-- What happened to a request: one row for each event, written in its transaction. `actor` is
-- such as 'member:mem_…', 'support:<subject>', 'carrier:<name>' or 'system'.
CREATE TABLE history (
  port_request_id text COLLATE "C" NOT NULL REFERENCES port_requests (id),
  version integer NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  event_type text NOT NULL,
  status text NOT NULL,
  line_counts jsonb NOT NULL,
  reason text,
  correlation_id text,
  is_internal boolean NOT NULL,
  CONSTRAINT one_entry_per_event PRIMARY KEY (port_request_id, version)
);

ALTER TABLE history ENABLE ROW LEVEL SECURITY;
ALTER TABLE history FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_account ON history TO porting_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY everything ON history TO porting_support USING (true);
CREATE POLICY of_the_requester ON history AS RESTRICTIVE TO porting_tenant
  USING (
    coalesce(current_setting('app.requester', true), '') = ''
    OR EXISTS (SELECT FROM port_requests AS r WHERE r.id = history.port_request_id)
  );
-- Customers read what is theirs to read.
CREATE POLICY shown_to_customers ON history AS RESTRICTIVE FOR SELECT TO porting_tenant
  USING (NOT is_internal);

GRANT SELECT, INSERT ON history TO porting_tenant, porting_support;
REVOKE UPDATE, DELETE ON history FROM porting_worker;

-- What is wrong, and who puts it right; without a line it is of the whole request. Open ones
-- say whose turn it is, closed ones stay to be read.
CREATE TABLE faults (
  id text COLLATE "C" PRIMARY KEY,
  port_request_id text COLLATE "C" NOT NULL REFERENCES port_requests (id),
  line_id text COLLATE "C" REFERENCES lines (id) ON DELETE CASCADE,
  account_id text COLLATE "C" NOT NULL,
  code text NOT NULL,
  carrier_code text,
  carrier_text text,
  remedy text NOT NULL,
  waiting_on text NOT NULL,
  needs_new_letter boolean NOT NULL,
  opened_at timestamptz NOT NULL,
  corrected_at timestamptz,
  correction text,
  closed_at timestamptz,
  closed_by text
);
CREATE UNIQUE INDEX one_open_fault_per_line_and_code
  ON faults (port_request_id, coalesce(line_id, ''), code) WHERE closed_at IS NULL;
CREATE INDEX faults_by_line ON faults (line_id, id) WHERE line_id IS NOT NULL;
CREATE INDEX faults_by_request ON faults (port_request_id, id);

ALTER TABLE faults ENABLE ROW LEVEL SECURITY;
ALTER TABLE faults FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_account ON faults TO porting_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY everything ON faults TO porting_support USING (true);
CREATE POLICY of_the_requester ON faults AS RESTRICTIVE TO porting_tenant
  USING (
    coalesce(current_setting('app.requester', true), '') = ''
    OR EXISTS (SELECT FROM port_requests AS r WHERE r.id = faults.port_request_id)
  );
GRANT SELECT, INSERT, UPDATE ON faults TO porting_tenant, porting_support;

-- Since when nobody has touched it, and what un-sticks it where a fault says so.
ALTER TABLE port_requests
  ADD COLUMN idle_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN fault_remedy text;

-- migrate:down
ALTER TABLE port_requests DROP COLUMN idle_since, DROP COLUMN fault_remedy;
DROP TABLE faults, history;
