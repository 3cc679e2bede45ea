-- migrate:up

-- By these housekeeping finds the events that nobody can ask for any more, and what was sent of them.
CREATE INDEX webhook_events_by_age ON webhook_events (occurred_at);
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (event_id);

-- Since when a request that has ended stands still, and by what housekeeping finds it.
ALTER TABLE reminded_requests ADD COLUMN heard_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX reminded_requests_ended ON reminded_requests (heard_at)
  WHERE status IN ('CANCELLED', 'COMPLETED', 'EXPIRED', 'PARTIALLY_COMPLETED');

-- migrate:down
DROP INDEX reminded_requests_ended;
ALTER TABLE reminded_requests DROP COLUMN heard_at;
DROP INDEX webhook_deliveries_by_event, webhook_events_by_age;
