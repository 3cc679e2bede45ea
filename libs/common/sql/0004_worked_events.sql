-- migrate:up

-- What an event tells again, where a replay tells it under a new id.
ALTER TABLE inbox ADD COLUMN replay_of uuid;

-- Whose work is done, or given up by a person, for good: the inbox forgets after a week, and a
-- replay tells under new ids. Here an event has the id under which it was first published; it is
-- named together with its source, so that a report from outside cannot say that an event of ours
-- was worked.
CREATE TABLE worked_events (
  event_id uuid NOT NULL,
  source text COLLATE "C" NOT NULL,
  CONSTRAINT worked_once PRIMARY KEY (event_id, source)
);
-- What was worked before this table was there is known for seven days.
INSERT INTO worked_events (event_id, source)
SELECT event_id, source
FROM inbox
WHERE state = 'applied' AND source <> 'unknown';

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
ALTER TABLE inbox DROP COLUMN replay_of;
