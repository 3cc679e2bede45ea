-- migrate:up

-- What we tell carriers ('OUT') and what they say ('IN'), with the text as it crossed the wire.
-- An order is known to a carrier by our `reference`; `order_version` is the version of the
-- request in which we told it, and with it the key under which a carrier takes it once.
CREATE TABLE carrier_messages (
  id text COLLATE "C" PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  direction text NOT NULL,
  kind text NOT NULL,
  carrier text,
  reference text COLLATE "C" NOT NULL,
  order_version integer,
  message_id text COLLATE "C",
  port_request_id text COLLATE "C" REFERENCES port_requests (id),
  account_id text COLLATE "C",
  numbers text[],
  said text,
  said_at timestamptz,
  raw text,
  state text NOT NULL DEFAULT 'waiting',
  reason text,
  times integer NOT NULL DEFAULT 1,
  attempts integer NOT NULL DEFAULT 0,
  last_modified text,
  confirmed_at timestamptz,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  next_attempt_at timestamptz DEFAULT clock_timestamp(),
  CONSTRAINT direction_is_known CHECK (direction IN ('OUT', 'IN')),
  CONSTRAINT state_is_known CHECK (
    state IN (
      'waiting', 'sent', 'done', 'by_hand', 'applied', 'noted', 'ignored', 'refused', 'dead'
    )
  ),
  CONSTRAINT what_we_tell_has_a_version CHECK (direction = 'IN' OR order_version IS NOT NULL),
  CONSTRAINT what_we_hear_has_an_id CHECK (
    direction = 'OUT' OR (carrier IS NOT NULL AND message_id IS NOT NULL AND said IS NOT NULL)
  )
);
CREATE UNIQUE INDEX one_send_per_order_and_version ON carrier_messages (reference, order_version)
  WHERE direction = 'OUT';
CREATE UNIQUE INDEX one_row_per_message_of_a_carrier ON carrier_messages (carrier, message_id)
  WHERE direction = 'IN';
CREATE INDEX carrier_messages_due ON carrier_messages (direction, next_attempt_at)
  WHERE state IN ('waiting', 'sent');
CREATE INDEX carrier_messages_by_reference ON carrier_messages (reference, direction, said_at);
CREATE INDEX carrier_messages_by_request ON carrier_messages (port_request_id, seq);

-- Only the desk reads them; a customer's own act may leave something to be told.
ALTER TABLE carrier_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE carrier_messages FORCE ROW LEVEL SECURITY;
CREATE POLICY everything ON carrier_messages TO porting_support USING (true);
CREATE POLICY to_be_told ON carrier_messages FOR INSERT TO porting_tenant
  WITH CHECK (direction = 'OUT' AND account_id = current_setting('app.account', true));
GRANT SELECT, INSERT, UPDATE (state, reason, attempts, next_attempt_at) ON carrier_messages
  TO porting_support;
GRANT INSERT ON carrier_messages TO porting_tenant;

-- migrate:down
DROP TABLE carrier_messages;
