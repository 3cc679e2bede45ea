-- migrate:up

-- The last number given in the log below: changed only by the one writer, in the transaction
-- that appends, so a number is never given twice and none is left out.
CREATE TABLE status_log (
  is_only boolean PRIMARY KEY DEFAULT true,
  last_log_id bigint NOT NULL,
  CONSTRAINT one_log_per_database CHECK (is_only)
);
INSERT INTO status_log (last_log_id) VALUES (0);

-- What dashboards are told, in the order in which it was committed here. Rows of the kind
-- 'account' say that memberships changed: for our replicas, never for a client.
CREATE TABLE status_changes (
  log_id bigint PRIMARY KEY,
  event_id uuid NOT NULL,
  type text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  subject_kind text NOT NULL,
  sequence integer NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  company_ids text[] NOT NULL,
  requester_id text COLLATE "C",
  status text,
  occurred_at timestamptz NOT NULL,
  traceparent text,
  is_late boolean NOT NULL,
  CONSTRAINT one_change_per_version UNIQUE (subject, sequence),
  CONSTRAINT subject_kind_is_known CHECK (
    subject_kind IN ('port_request', 'port_out', 'tracking_number', 'account')
  ),
  CONSTRAINT what_clients_see_has_a_status CHECK (status IS NOT NULL OR subject_kind = 'account'),
  CONSTRAINT a_request_has_a_requester CHECK (
    requester_id IS NOT NULL OR subject_kind <> 'port_request'
  )
);
CREATE INDEX status_changes_by_account ON status_changes (account_id, log_id);

ALTER TABLE status_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE status_log FORCE ROW LEVEL SECURITY;
CREATE POLICY all_see_how_far_it_is ON status_log FOR SELECT
  TO notifications_tenant, notifications_support USING (true);
GRANT SELECT ON status_log TO notifications_tenant, notifications_support;

ALTER TABLE status_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE status_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY members_see_their_account ON status_changes FOR SELECT
  TO notifications_tenant USING (
    account_id = current_setting('app.account', true)
    AND subject_kind <> 'account'
    AND (
      subject_kind <> 'port_request'
      OR current_setting('app.requester', true) IN ('', requester_id)
    )
  );
CREATE POLICY support_sees_every_account ON status_changes FOR SELECT
  TO notifications_support USING (subject_kind <> 'account');
GRANT SELECT ON status_changes TO notifications_tenant, notifications_support;

-- migrate:down
DROP TABLE status_changes, status_log;
