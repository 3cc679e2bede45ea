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

-- migrate:down
DROP TABLE history;
