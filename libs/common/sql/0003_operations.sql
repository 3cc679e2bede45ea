-- migrate:up

-- Dead events that a person gave up, kept for the record. Their inbox rows are 'applied' from
-- then on: they hold nothing back, and filter duplicates as any other. `fault` is why the event
-- was dead, `why` what the person said, `released` how many of its aggregate waited behind it.
CREATE TABLE dropped_events (
  event_id uuid NOT NULL,
  source text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  sequence integer NOT NULL,
  type text NOT NULL,
  body text NOT NULL,
  fault text NOT NULL,
  attempts integer NOT NULL,
  received_at timestamptz NOT NULL,
  dropped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  dropped_by text NOT NULL DEFAULT current_setting('app.actor'),
  why text NOT NULL,
  released integer NOT NULL,
  CONSTRAINT dropped_once_at_a_time PRIMARY KEY (event_id, dropped_at)
);
CREATE INDEX dropped_events_by_time ON dropped_events (dropped_at, event_id);

-- Who looked at the body of a dead event, sent dead events on again, dropped or replayed some.
CREATE TABLE operator_acts (
  act_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  act text NOT NULL,
  actor text NOT NULL DEFAULT current_setting('app.actor'),
  event_id uuid,
  events integer NOT NULL,
  note text,
  acted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT act_is_known CHECK (act IN ('looked', 'redriven', 'dropped', 'replayed'))
);
CREATE INDEX operator_acts_by_time ON operator_acts USING brin (acted_at);

-- What was published and one queue is to hear again. `at_seq` is how far it has come in the
-- event log, `last_seq` where it ends; both are found when it starts.
CREATE TABLE replays (
  replay_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL,
  types text[],
  since timestamptz,
  until timestamptz,
  keeps_ids boolean NOT NULL,
  requested_by text NOT NULL DEFAULT current_setting('app.actor'),
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  at_seq bigint,
  last_seq bigint,
  told integer NOT NULL DEFAULT 0,
  finished_at timestamptz,
  reason text
);
CREATE INDEX replays_unfinished ON replays (replay_id) WHERE finished_at IS NULL;

CREATE INDEX inbox_dead ON inbox (received_at, event_id) WHERE state = 'dead';
CREATE INDEX timers_postponed ON timers (due_at) WHERE attempts > 0;

ALTER TABLE dropped_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE dropped_events FORCE ROW LEVEL SECURITY;
ALTER TABLE operator_acts ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_acts FORCE ROW LEVEL SECURITY;
ALTER TABLE replays ENABLE ROW LEVEL SECURITY;
ALTER TABLE replays FORCE ROW LEVEL SECURITY;

-- How much waits in the tables that carry events and timers: counts and times, no contents.
CREATE FUNCTION measure_delivery()
  RETURNS TABLE (
    outbox_events bigint,
    outbox_oldest_at timestamptz,
    pending_events bigint,
    pending_oldest_at timestamptz,
    postponed_events bigint,
    dead_events bigint,
    dead_oldest_at timestamptz,
    timers_due bigint,
    timers_due_oldest_at timestamptz,
    timers_postponed bigint
  )
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT
      waiting.events,
      waiting.oldest_at,
      received.pending_events,
      received.pending_oldest_at,
      received.postponed_events,
      received.dead_events,
      received.dead_oldest_at,
      due.timers,
      due.oldest_at,
      postponed.timers
    FROM
      (
        SELECT count(*) AS events, min(recorded_at) AS oldest_at
        FROM public.outbox
      ) AS waiting,
      (
        SELECT
          count(*) FILTER (WHERE state = 'pending') AS pending_events,
          min(received_at) FILTER (WHERE state = 'pending') AS pending_oldest_at,
          count(*) FILTER (WHERE state = 'pending' AND attempts > 0) AS postponed_events,
          count(*) FILTER (WHERE state = 'dead') AS dead_events,
          min(received_at) FILTER (WHERE state = 'dead') AS dead_oldest_at
        FROM public.inbox
        WHERE state <> 'applied'
      ) AS received,
      (
        SELECT count(*) AS timers, min(due_at) AS oldest_at
        FROM public.timers
        WHERE due_at <= statement_timestamp()
      ) AS due,
      (
        SELECT count(*) AS timers
        FROM public.timers
        WHERE attempts > 0
      ) AS postponed;
  END;

DO $$
DECLARE
  service text := replace(current_user, '_owner', '');
  each text;
BEGIN
  FOREACH each IN ARRAY ARRAY['dropped_events', 'operator_acts', 'replays'] LOOP
    EXECUTE format(
      'CREATE POLICY support_sees_all ON %I TO %I USING (true)', each, service || '_support'
    );
    EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', each, service || '_support');
  END LOOP;
  EXECUTE format('GRANT SELECT ON inbox TO %I', service || '_support');
  EXECUTE format(
    'GRANT UPDATE (state, body, attempts, next_attempt_at, reason) ON inbox TO %I',
    service || '_support'
  );
  REVOKE ALL ON FUNCTION measure_delivery FROM PUBLIC;
  EXECUTE format('GRANT EXECUTE ON FUNCTION measure_delivery TO %I', service);
END $$;

-- migrate:down
DO $$
DECLARE
  service text := replace(current_user, '_owner', '');
BEGIN
  EXECUTE format('REVOKE ALL ON inbox FROM %I', service || '_support');
END $$;
DROP FUNCTION measure_delivery;
DROP INDEX timers_postponed, inbox_dead;
DROP TABLE replays, operator_acts, dropped_events;
