-- migrate:up

-- What an event in the inbox tells again: dropped, it counts as given up under its first id.
ALTER TABLE inbox ADD COLUMN replay_of uuid;

-- `source` and `event_id` together name an event: whoever may only report from outside cannot say
-- that an event of ours was worked. What was worked before this table was there is still known
-- for seven days; the owner may read and write rows while FORCE is off.
ALTER TABLE worked_events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE worked_events ADD COLUMN source text COLLATE "C";
UPDATE worked_events
SET source = inbox.source
FROM inbox
WHERE inbox.event_id = worked_events.event_id;
DELETE FROM worked_events WHERE source IS NULL;
ALTER TABLE worked_events
  DROP CONSTRAINT worked_events_pkey,
  ALTER COLUMN source SET NOT NULL,
  ADD PRIMARY KEY (event_id, source);
INSERT INTO worked_events (event_id, source)
SELECT event_id, source
FROM inbox
WHERE state = 'applied' AND source <> 'unknown'
ON CONFLICT DO NOTHING;
ALTER TABLE worked_events FORCE ROW LEVEL SECURITY;

-- migrate:down
ALTER TABLE worked_events NO FORCE ROW LEVEL SECURITY;
DELETE FROM worked_events AS one
USING worked_events AS other
WHERE one.event_id = other.event_id AND one.source > other.source;
ALTER TABLE worked_events
  DROP CONSTRAINT worked_events_pkey,
  DROP COLUMN source,
  ADD PRIMARY KEY (event_id);
ALTER TABLE worked_events FORCE ROW LEVEL SECURITY;
ALTER TABLE inbox DROP COLUMN replay_of;
