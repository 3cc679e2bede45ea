-- migrate:up

-- Where an account receives its events; without types it receives all. What begins with
-- `leased_until` is the worker's: who has the lease sends, for one endpoint one worker at a time.
-- `failures` counts those in a row; until `rests_until` it is left alone.
CREATE TABLE webhook_endpoints (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  url text NOT NULL,
  description text NOT NULL,
  event_types text[] NOT NULL,
  is_ordered boolean NOT NULL,
  state text NOT NULL DEFAULT 'ENABLED',
  disabled_reason text,
  disabled_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_by text NOT NULL,
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  failures integer NOT NULL DEFAULT 0,
  failing_since timestamptz,
  rests_until timestamptz NOT NULL DEFAULT '-infinity',
  CONSTRAINT endpoint_state_is_known CHECK (state IN ('ENABLED', 'DISABLED', 'DELETED')),
  CONSTRAINT what_is_disabled_says_why CHECK (
    (state = 'DISABLED') = (disabled_reason IS NOT NULL)
    AND (disabled_reason IS NULL) = (disabled_at IS NULL)
  )
);
CREATE INDEX webhook_endpoints_by_account ON webhook_endpoints (account_id, id)
  WHERE state <> 'DELETED';

-- Sealed (libs/common/vault.py). The one without an end signs; the one before it signs beside it
-- until its end.
CREATE TABLE webhook_secrets (
  endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
  number integer NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  key_id text NOT NULL,
  box bytea NOT NULL,
  ends_at timestamptz,
  CONSTRAINT one_secret_per_number PRIMARY KEY (endpoint_id, number)
);

-- What customers may receive, of every account, whether it has an endpoint or not: what it once
-- wants to have again is here. A version of a subject comes once, whatever is told again.
CREATE TABLE webhook_events (
  id uuid PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  source text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  sequence integer NOT NULL,
  occurred_at timestamptz NOT NULL,
  traceparent text,
  body text NOT NULL,
  CONSTRAINT one_webhook_event_per_version UNIQUE (source, subject, sequence)
);
CREATE INDEX webhook_events_by_account ON webhook_events (account_id, occurred_at, id);

-- One event on its way to one endpoint. What a customer asks for again is another delivery.
CREATE TABLE webhook_deliveries (
  id text COLLATE "C" PRIMARY KEY,
  endpoint_id text COLLATE "C" NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
  account_id text COLLATE "C" NOT NULL,
  event_id uuid NOT NULL REFERENCES webhook_events,
  message_id text NOT NULL,
  cause text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  sequence integer NOT NULL,
  state text NOT NULL DEFAULT 'PENDING',
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  CONSTRAINT delivery_state_is_known CHECK (state IN ('PENDING', 'DELIVERED', 'FAILED')),
  CONSTRAINT delivery_cause_is_known CHECK (cause IN ('EVENT', 'REPLAY', 'TEST')),
  CONSTRAINT what_is_finished_says_when CHECK (
    (state = 'PENDING') = (finished_at IS NULL)
  )
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX one_delivery_per_event ON webhook_deliveries (endpoint_id, event_id)
  WHERE cause = 'EVENT';
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at)
  WHERE state = 'PENDING';
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries
  (endpoint_id, subject, sequence, id) WHERE state = 'PENDING';
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries USING brin (finished_at);

CREATE TABLE webhook_attempts (
  delivery_id text COLLATE "C" NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
  number integer NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  started_at timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  status_code integer,
  fault text,
  excerpt text,
  CONSTRAINT one_attempt_per_number PRIMARY KEY (delivery_id, number)
);

ALTER TABLE webhook_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoints FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_secrets FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_events FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_deliveries FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_attempts FORCE ROW LEVEL SECURITY;

CREATE POLICY members_see_their_account ON webhook_endpoints TO notifications_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY members_see_their_account ON webhook_secrets TO notifications_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY members_see_their_account ON webhook_events TO notifications_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY members_see_their_account ON webhook_deliveries TO notifications_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY members_see_their_account ON webhook_attempts FOR SELECT
  TO notifications_tenant USING (account_id = current_setting('app.account', true));
CREATE POLICY support_sees_every_account ON webhook_endpoints FOR SELECT
  TO notifications_support USING (true);
CREATE POLICY support_sees_every_account ON webhook_events FOR SELECT
  TO notifications_support USING (true);
CREATE POLICY support_sees_every_account ON webhook_deliveries FOR SELECT
  TO notifications_support USING (true);
CREATE POLICY support_sees_every_account ON webhook_attempts FOR SELECT
  TO notifications_support USING (true);

GRANT SELECT, INSERT ON webhook_endpoints, webhook_events, webhook_deliveries
  TO notifications_tenant;
GRANT UPDATE (
  url, description, event_types, is_ordered, state, disabled_reason, disabled_at, version,
  failures, failing_since, rests_until
) ON webhook_endpoints TO notifications_tenant;
GRANT SELECT ON webhook_attempts TO notifications_tenant;
-- Whoever asks may put a secret there, and never read one.
GRANT INSERT, DELETE ON webhook_secrets TO notifications_tenant;
GRANT SELECT (endpoint_id, number, account_id, ends_at) ON webhook_secrets
  TO notifications_tenant;
GRANT UPDATE (ends_at) ON webhook_secrets TO notifications_tenant;
GRANT SELECT ON webhook_endpoints, webhook_events, webhook_deliveries, webhook_attempts
  TO notifications_support;
GRANT SELECT, INSERT ON idempotency_keys TO notifications_tenant;

-- migrate:down
REVOKE SELECT, INSERT ON idempotency_keys FROM notifications_tenant;
DROP TABLE webhook_attempts, webhook_deliveries, webhook_events, webhook_secrets,
  webhook_endpoints;
