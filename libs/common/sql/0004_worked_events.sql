-- migrate:up

-- Whose work is done, or given up by a person, for good: the inbox forgets after a week, and a
-- replay tells under new ids. Here an event has the id under which it was first published.
CREATE TABLE worked_events (
  event_id uuid PRIMARY KEY
);

ALTER TABLE worked_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE worked_events FORCE ROW LEVEL SECURITY;

DO $$
DECLARE
  service text := replace(current_user, '_owner', '');
BEGIN
  EXECUTE format(
    'CREATE POLICY support_drops ON worked_events FOR INSERT TO %I WITH CHECK (true)',
    service || '_support'
  );
  EXECUTE format('GRANT INSERT ON worked_events TO %I', service || '_support');
END $$;

-- migrate:down
DROP TABLE worked_events;
