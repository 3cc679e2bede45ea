-- migrate:up

-- `country` is said where support made the request; elsewhere its numbers tell it.
ALTER TABLE port_requests
  ADD COLUMN country text,
  ADD COLUMN made_by_support text,
  ADD COLUMN warnings_acknowledged text[] NOT NULL DEFAULT '{}',
  ADD COLUMN declined_at timestamptz,
  ADD COLUMN declined_by text,
  ADD COLUMN decline_reason text;
CREATE INDEX port_requests_by_name ON port_requests (account_id, name, id);
CREATE INDEX port_requests_by_change ON port_requests (account_id, status_since, id);

-- The support case: one is made with each request; others stand alone or name a request.
CREATE SEQUENCE case_numbers;

CREATE TABLE support_cases (
  id text COLLATE "C" PRIMARY KEY,
  reference text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  company_id text COLLATE "C",
  requester_id text COLLATE "C",
  port_request_id text COLLATE "C" REFERENCES port_requests (id),
  made_with_request boolean NOT NULL,
  subject text NOT NULL,
  numbers text[] NOT NULL,
  state text NOT NULL,
  state_since timestamptz NOT NULL,
  opened_at timestamptz NOT NULL,
  opened_by text NOT NULL,
  version integer NOT NULL,
  CONSTRAINT one_case_per_reference UNIQUE (reference)
);
CREATE UNIQUE INDEX one_case_made_with_a_request ON support_cases (port_request_id)
  WHERE made_with_request;
CREATE INDEX support_cases_by_request ON support_cases (port_request_id)
  WHERE port_request_id IS NOT NULL;
CREATE INDEX support_cases_by_account ON support_cases (account_id, id DESC);

CREATE TABLE case_messages (
  id text COLLATE "C" PRIMARY KEY,
  case_id text COLLATE "C" NOT NULL REFERENCES support_cases (id),
  account_id text COLLATE "C" NOT NULL,
  written_by text NOT NULL,
  written_by_support boolean NOT NULL,
  author_name text NOT NULL,
  written_at timestamptz NOT NULL,
  body text NOT NULL,
  requests_cancellation boolean NOT NULL
);
CREATE INDEX case_messages_by_case ON case_messages (case_id, id);

-- What the desk writes to itself. No customer's role has any right to this table.
CREATE TABLE case_notes (
  id text COLLATE "C" PRIMARY KEY,
  case_id text COLLATE "C" NOT NULL REFERENCES support_cases (id),
  account_id text COLLATE "C" NOT NULL,
  written_by text NOT NULL,
  written_at timestamptz NOT NULL,
  body text NOT NULL
);
CREATE INDEX case_notes_by_case ON case_notes (case_id, id);

-- Requests of before have acknowledged what there was, and get their case now.
ALTER TABLE port_requests NO FORCE ROW LEVEL SECURITY;
UPDATE port_requests
SET warnings_acknowledged = '{LOSING_CARRIER_FEES,KEEP_THE_SERVICE,NUMBERS_CAN_BE_LOST}'
WHERE warnings_acknowledged_at IS NOT NULL;
INSERT INTO support_cases
  (id, reference, account_id, company_id, requester_id, port_request_id, made_with_request,
   subject, numbers, state, state_since, opened_at, opened_by, version)
SELECT 'case_' || substr(id, 4),
  'PL-' || to_char(created_at AT TIME ZONE 'UTC', 'YYYY') || '-'
    || lpad(nextval('case_numbers')::text, 6, '0'),
  account_id, company_id, requester_id, id, true, name, '{}', 'OPEN', created_at, created_at,
  requester_id, 0
FROM port_requests
ORDER BY id;
ALTER TABLE port_requests FORCE ROW LEVEL SECURITY;

DO $$
DECLARE
  owned text;
BEGIN
  FOREACH owned IN ARRAY ARRAY['support_cases', 'case_messages', 'case_notes'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format('CREATE POLICY everything ON %I TO porting_support USING (true)', owned);
  END LOOP;
  FOREACH owned IN ARRAY ARRAY['support_cases', 'case_messages'] LOOP
    EXECUTE format(
      'CREATE POLICY of_the_account ON %I TO porting_tenant '
      'USING (account_id = current_setting(''app.account'', true))', owned
    );
  END LOOP;
END $$;

-- A client manager sees the cases of their own requests, and those that they opened (S48).
CREATE POLICY of_the_requester ON support_cases AS RESTRICTIVE TO porting_tenant
  USING (coalesce(current_setting('app.requester', true), '') IN ('', requester_id));
CREATE POLICY of_the_requester ON case_messages AS RESTRICTIVE TO porting_tenant
  USING (
    coalesce(current_setting('app.requester', true), '') = ''
    OR EXISTS (SELECT FROM support_cases AS c WHERE c.id = case_messages.case_id)
  );

GRANT USAGE ON SEQUENCE case_numbers TO porting_tenant, porting_support, porting_worker;
GRANT SELECT, INSERT, UPDATE ON support_cases TO porting_tenant, porting_support;
GRANT SELECT, INSERT ON case_messages TO porting_tenant, porting_support;
GRANT SELECT, INSERT ON case_notes TO porting_support;

-- migrate:down
DROP TABLE case_notes, case_messages, support_cases;
DROP SEQUENCE case_numbers;
DROP INDEX port_requests_by_change, port_requests_by_name;
ALTER TABLE port_requests
  DROP COLUMN decline_reason, DROP COLUMN declined_by, DROP COLUMN declined_at,
  DROP COLUMN warnings_acknowledged, DROP COLUMN made_by_support, DROP COLUMN country;
