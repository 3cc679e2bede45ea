-- migrate:up

-- The worker role (relay, consumers, timers) may do everything to rows, in every table that the
-- owner will ever make; what the tenant and support roles may do is said table by table.
DO $$
DECLARE
  service text := replace(current_user, '_owner', '');
BEGIN
  EXECUTE format(
    'ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
    service || '_worker'
  );
  EXECUTE format(
    'GRANT USAGE ON SCHEMA public TO %I, %I, %I, %I',
    service, service || '_tenant', service || '_support', service || '_worker'
  );
END $$;

-- Facts that are committed and not yet confirmed by the broker; the relay empties it.
CREATE TABLE outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id uuid NOT NULL,
  source text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  sequence integer NOT NULL,
  type text NOT NULL,
  traceparent text,
  body text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT one_unpublished_event_per_version UNIQUE (subject, sequence)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- Every fact that was published, for replay.
CREATE TABLE event_log (
  seq bigint PRIMARY KEY,
  event_id uuid NOT NULL,
  source text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  sequence integer NOT NULL,
  type text NOT NULL,
  traceparent text,
  body text NOT NULL,
  recorded_at timestamptz NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT one_event_per_version UNIQUE (subject, sequence)
);
CREATE INDEX event_log_by_time ON event_log USING brin (published_at);

-- What was received: 'applied' rows filter duplicates, 'pending' rows wait for their turn,
-- 'dead' rows wait for a person. A pending or dead row holds back only its own subject.
CREATE TABLE inbox (
  event_id uuid PRIMARY KEY,
  source text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  sequence integer NOT NULL,
  type text NOT NULL,
  state text NOT NULL,
  body text,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  reason text,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT inbox_state_is_known CHECK (state IN ('applied', 'pending', 'dead')),
  CONSTRAINT unapplied_keeps_its_body CHECK (state = 'applied' OR body IS NOT NULL)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX inbox_unapplied ON inbox (source, subject, sequence) WHERE state <> 'applied';
CREATE INDEX inbox_by_time ON inbox USING brin (received_at);

CREATE TABLE timers (
  kind text NOT NULL,
  key text COLLATE "C" NOT NULL,
  due_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  reason text,
  CONSTRAINT one_timer_per_key PRIMARY KEY (kind, key)
);
CREATE INDEX timers_due ON timers (due_at);

DO $$
DECLARE
  service text := replace(current_user, '_owner', '');
BEGIN
  EXECUTE format(
    'GRANT INSERT ON outbox TO %I, %I', service || '_tenant', service || '_support'
  );
  EXECUTE format(
    'GRANT INSERT, UPDATE, DELETE, SELECT ON timers TO %I, %I',
    service || '_tenant', service || '_support'
  );
END $$;

-- migrate:down
DROP TABLE timers, inbox, event_log, outbox;
