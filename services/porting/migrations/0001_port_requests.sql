-- migrate:up

-- Copies of what `numbers` owns, each row guarded by the version that wrote it last.
CREATE TABLE accounts (
  account_id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  card_on_file boolean NOT NULL,
  balance_current boolean NOT NULL,
  in_good_standing boolean NOT NULL,
  in_trial boolean NOT NULL,
  version integer NOT NULL
);

CREATE TABLE companies (
  company_id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  version integer NOT NULL
);
CREATE INDEX companies_by_account ON companies (account_id);

CREATE TABLE members (
  member_id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  company_ids text[] NOT NULL,
  login_issuer text NOT NULL,
  login_subject text NOT NULL,
  active boolean NOT NULL,
  version integer NOT NULL
);
CREATE INDEX members_by_login ON members (login_issuer, login_subject) WHERE active;

CREATE TABLE inventory_numbers (
  number_id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  company_id text COLLATE "C" NOT NULL,
  tracking_number text COLLATE "C" NOT NULL,
  state text NOT NULL,
  port_request_id text COLLATE "C",
  version integer NOT NULL
);
CREATE INDEX inventory_numbers_by_number ON inventory_numbers (tracking_number);

CREATE TABLE port_requests (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  company_id text COLLATE "C" NOT NULL,
  requester_id text COLLATE "C" NOT NULL,
  requester_name text NOT NULL,
  name text NOT NULL,
  status text NOT NULL,
  status_since timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  version integer NOT NULL,
  warnings_acknowledged_at timestamptz,
  warnings_acknowledged_by text,
  submitted_at timestamptz,
  submitted_by text,
  authorized_at timestamptz,
  authorized_by text,
  preconfigured_at timestamptz,
  sent_at timestamptz,
  completed_at timestamptz,
  fault_code text,
  fault_waiting_on text
);
CREATE INDEX port_requests_by_account ON port_requests (account_id, id DESC);

CREATE TABLE lines (
  id text COLLATE "C" PRIMARY KEY,
  port_request_id text COLLATE "C" NOT NULL REFERENCES port_requests (id),
  account_id text COLLATE "C" NOT NULL,
  company_id text COLLATE "C" NOT NULL,
  tracking_number text COLLATE "C" NOT NULL,
  forwarding_number text COLLATE "C" NOT NULL,
  name text NOT NULL,
  source text NOT NULL,
  state text NOT NULL,
  firm_date date,
  ported_at timestamptz,
  evidence text,
  number_id text COLLATE "C",
  CONSTRAINT one_line_per_number_and_request UNIQUE (port_request_id, tracking_number)
);
CREATE INDEX lines_by_request ON lines (port_request_id, id);
CREATE INDEX lines_by_number_id ON lines (number_id) WHERE number_id IS NOT NULL;
-- Over all accounts: many drafts may name a number, the first to submit has it.
CREATE UNIQUE INDEX one_live_line_per_number ON lines (tracking_number)
  WHERE state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE');
CREATE INDEX lines_by_forwarding_number ON lines (forwarding_number)
  WHERE state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE');

CREATE TABLE letters (
  id text COLLATE "C" PRIMARY KEY,
  port_request_id text COLLATE "C" NOT NULL REFERENCES port_requests (id),
  account_id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  subscriber jsonb NOT NULL,
  signer_name text,
  signed_at timestamptz,
  signed_by text,
  document_hash text
);
CREATE UNIQUE INDEX one_standing_letter_per_request ON letters (port_request_id)
  WHERE state <> 'SUPERSEDED';

CREATE TABLE uploads (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  created_by text COLLATE "C" NOT NULL,
  purpose text NOT NULL,
  filename text NOT NULL,
  content_type text NOT NULL,
  byte_size integer NOT NULL,
  sha256 text NOT NULL,
  expires_at timestamptz NOT NULL,
  stored_at timestamptz
);

CREATE TABLE documents (
  id text COLLATE "C" PRIMARY KEY,
  port_request_id text COLLATE "C" NOT NULL REFERENCES port_requests (id),
  account_id text COLLATE "C" NOT NULL,
  upload_id text COLLATE "C" NOT NULL REFERENCES uploads (id),
  kind text NOT NULL,
  filename text NOT NULL,
  content_type text NOT NULL,
  byte_size integer NOT NULL,
  sha256 text NOT NULL,
  attached_at timestamptz NOT NULL,
  attached_by text NOT NULL
);
CREATE INDEX documents_by_request ON documents (port_request_id, id DESC);

CREATE TABLE port_outs (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  gaining_carrier text NOT NULL,
  reference text NOT NULL,
  status text NOT NULL,
  received_at timestamptz NOT NULL,
  answer_by timestamptz NOT NULL,
  version integer NOT NULL,
  authorized_by text,
  firm_date date,
  ported_out_at timestamptz,
  CONSTRAINT one_port_out_per_reference UNIQUE (gaining_carrier, reference, account_id)
);
CREATE INDEX port_outs_by_account ON port_outs (account_id, id DESC);

CREATE TABLE port_out_numbers (
  port_out_id text COLLATE "C" NOT NULL REFERENCES port_outs (id),
  account_id text COLLATE "C" NOT NULL,
  company_id text COLLATE "C" NOT NULL,
  number_id text COLLATE "C" NOT NULL,
  tracking_number text COLLATE "C" NOT NULL,
  gaining_carrier_confirmed_at timestamptz,
  gaining_carrier_confirmed_by text,
  test_call_from text,
  test_called_at timestamptz,
  test_call_recorded_by text,
  disabled_at timestamptz,
  confirmed_at timestamptz,
  PRIMARY KEY (port_out_id, tracking_number)
);
CREATE INDEX port_out_numbers_by_number ON port_out_numbers (number_id);

-- Who may see which row. The policies are the second net under the conditions of the queries.
DO $$
DECLARE
  owned text;
BEGIN
  FOREACH owned IN ARRAY ARRAY[
    'accounts', 'companies', 'members', 'inventory_numbers', 'port_requests', 'lines',
    'letters', 'uploads', 'documents', 'port_outs', 'port_out_numbers'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format(
      'CREATE POLICY of_the_account ON %I TO porting_tenant '
      'USING (account_id = current_setting(''app.account'', true))', owned
    );
    EXECUTE format('CREATE POLICY everything ON %I TO porting_support USING (true)', owned);
  END LOOP;
END $$;

-- A client manager sees only what they submitted themselves (S48).
CREATE POLICY of_the_requester ON port_requests AS RESTRICTIVE TO porting_tenant
  USING (
    coalesce(current_setting('app.requester', true), '') IN ('', requester_id)
  );
CREATE POLICY of_the_requester ON lines AS RESTRICTIVE TO porting_tenant
  USING (
    coalesce(current_setting('app.requester', true), '') = ''
    OR EXISTS (SELECT FROM port_requests AS r WHERE r.id = lines.port_request_id)
  );
CREATE POLICY of_the_requester ON letters AS RESTRICTIVE TO porting_tenant
  USING (
    coalesce(current_setting('app.requester', true), '') = ''
    OR EXISTS (SELECT FROM port_requests AS r WHERE r.id = letters.port_request_id)
  );
CREATE POLICY of_the_requester ON documents AS RESTRICTIVE TO porting_tenant
  USING (
    coalesce(current_setting('app.requester', true), '') = ''
    OR EXISTS (SELECT FROM port_requests AS r WHERE r.id = documents.port_request_id)
  );

GRANT SELECT ON accounts, companies, members, inventory_numbers TO porting_tenant, porting_support;
GRANT SELECT, INSERT, UPDATE ON port_requests, letters, uploads, port_outs, port_out_numbers
  TO porting_tenant, porting_support;
GRANT SELECT, INSERT, UPDATE, DELETE ON lines TO porting_tenant, porting_support;
GRANT SELECT, INSERT ON documents TO porting_tenant, porting_support;

-- What a caller may be told about numbers of other accounts: only that they are taken.
CREATE POLICY seen_by_the_owner ON members TO porting_owner USING (true);
CREATE POLICY seen_by_the_owner ON inventory_numbers FOR SELECT TO porting_owner USING (true);
CREATE POLICY seen_by_the_owner ON lines FOR SELECT TO porting_owner USING (true);

CREATE FUNCTION find_memberships(issuer text, subject text)
RETURNS TABLE (account_id text, member_id text, role text, company_ids text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
  SELECT m.account_id, m.member_id, m.role, m.company_ids
  FROM members AS m
  WHERE m.login_issuer = issuer AND m.login_subject = subject AND m.active
$$;

CREATE FUNCTION find_taken_numbers(candidates text[])
RETURNS TABLE (phone_number text, is_ours boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
  SELECT i.tracking_number, true
  FROM inventory_numbers AS i
  WHERE i.tracking_number = ANY(candidates)
    AND i.state NOT IN ('DISABLED', 'RELEASED')
  UNION ALL
  SELECT l.tracking_number, false
  FROM lines AS l
  WHERE l.tracking_number = ANY(candidates)
    AND l.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
$$;

CREATE FUNCTION find_forwarded_to(candidates text[])
RETURNS TABLE (phone_number text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
  SELECT l.forwarding_number
  FROM lines AS l
  WHERE l.forwarding_number = ANY(candidates)
    AND l.state NOT IN ('ADDED', 'PORTED', 'CANCELLED', 'REVERTED', 'NOT_PORTABLE')
$$;

REVOKE ALL ON FUNCTION find_memberships, find_taken_numbers, find_forwarded_to FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_memberships TO porting;
GRANT EXECUTE ON FUNCTION find_taken_numbers, find_forwarded_to
  TO porting_tenant, porting_support, porting_worker;

-- migrate:down
DROP FUNCTION find_forwarded_to, find_taken_numbers, find_memberships;
DROP TABLE port_out_numbers, port_outs, documents, uploads, letters, lines, port_requests,
  inventory_numbers, members, companies, accounts;
