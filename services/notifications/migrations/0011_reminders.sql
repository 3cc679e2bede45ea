-- migrate:up

-- Copies of port requests, as much as reminders need; as new as the newest version heard.
CREATE TABLE reminded_requests (
  port_request_id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  company_id text COLLATE "C" NOT NULL,
  requester_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  status text NOT NULL,
  version integer NOT NULL
);

-- What people are reminded of as long as it has not happened. A thing (a request, a letter, a
-- line, a number, a port-out) waits where what it `awaits`, by the newest fact about it, is what
-- the newest fact that begins a waiting has begun. Those of one message and key are told together.
CREATE TABLE awaited (
  thing text COLLATE "C" PRIMARY KEY,
  version integer NOT NULL,
  awaits text,
  account_id text COLLATE "C" NOT NULL,
  company_ids text[] NOT NULL,
  port_request_id text COLLATE "C",
  start_version integer NOT NULL DEFAULT 0,
  message text,
  key text COLLATE "C",
  subject text COLLATE "C",
  begun_at timestamptz,
  counts_from timestamptz,
  tracking_number text,
  content jsonb,
  is_waiting boolean NOT NULL GENERATED ALWAYS AS (coalesce(awaits = message, false)) STORED
);
CREATE INDEX awaited_together ON awaited (message, key, counts_from, begun_at)
  WHERE is_waiting;

-- For the worker alone.
ALTER TABLE reminded_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE reminded_requests FORCE ROW LEVEL SECURITY;
ALTER TABLE awaited ENABLE ROW LEVEL SECURITY;
ALTER TABLE awaited FORCE ROW LEVEL SECURITY;

-- migrate:down
DELETE FROM timers WHERE kind IN (
  'letter_unsigned', 'draft_idle', 'authorization_waiting', 'port_past_window',
  'firm_date_near', 'not_called_yet', 'ported_out_not_disabled', 'port_out_answer_due'
);
DROP TABLE awaited, reminded_requests;
