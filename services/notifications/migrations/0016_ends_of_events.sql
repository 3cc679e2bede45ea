-- migrate:up

-- By these housekeeping finds the events that nobody can ask for any more, and what was sent of them.
CREATE INDEX webhook_events_by_age ON webhook_events (occurred_at);
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (event_id);

-- migrate:down
DROP INDEX webhook_deliveries_by_event, webhook_events_by_age;
