-- migrate:up

CREATE TABLE tracking_numbers (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  company_id text COLLATE "C" NOT NULL,
  version integer NOT NULL DEFAULT 0,
  state text COLLATE "C" NOT NULL,
  phone_number text COLLATE "C" NOT NULL,
  forwarding_number text COLLATE "C" NOT NULL,
  name text NOT NULL,
  source text NOT NULL,
  port_request_id text COLLATE "C",
  line_id text COLLATE "C",
  port_out_id text COLLATE "C",
  ported_at timestamptz,
  first_called_at timestamptz,
  ported_out_at timestamptz,
  disabled_at timestamptz,
  disabled_by text,
  added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tab text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
    CASE
      WHEN state IN ('PRECONFIGURED', 'AWAITING_FIRST_CALL') THEN 'PENDING'
      WHEN state IN ('ACTIVE', 'PORTING_OUT', 'PORTED_OUT') THEN 'ACTIVE'
      WHEN state = 'DISABLED' THEN 'DISABLED'
      ELSE 'HIDDEN'
    END
  ) STORED,
  CONSTRAINT number_belongs_to_a_company_of_its_account
    FOREIGN KEY (account_id, company_id) REFERENCES companies (account_id, id),
  CONSTRAINT one_number_per_line UNIQUE (line_id),
  CONSTRAINT number_state_is_known CHECK (
    state IN (
      'PRECONFIGURED', 'AWAITING_FIRST_CALL', 'ACTIVE', 'PORTING_OUT', 'PORTED_OUT',
      'DISABLED', 'QUARANTINED', 'RELEASED'
    )
  )
);
-- A number that was disabled or released may come back, as a new row.
CREATE UNIQUE INDEX one_live_number_per_phone_number ON tracking_numbers (phone_number)
  WHERE state NOT IN ('DISABLED', 'RELEASED');
CREATE INDEX tracking_numbers_by_forwarding_number ON tracking_numbers (forwarding_number)
  WHERE state = 'PRECONFIGURED';
CREATE INDEX tracking_numbers_of_account ON tracking_numbers (account_id, tab, id);
CREATE INDEX tracking_numbers_of_company ON tracking_numbers (company_id, tab, id);

-- What porting readied for a review, until the review starts. `number_id` is made with it, so
-- that tens of thousands of numbers are added by one statement.
CREATE TABLE announced_lines (
  port_request_id text COLLATE "C" NOT NULL,
  sequence integer NOT NULL,
  line_id text COLLATE "C" NOT NULL,
  batch integer NOT NULL,
  batches integer NOT NULL,
  number_id text COLLATE "C" NOT NULL,
  company_id text COLLATE "C" NOT NULL,
  phone_number text COLLATE "C" NOT NULL,
  forwarding_number text COLLATE "C" NOT NULL,
  name text NOT NULL,
  source text NOT NULL,
  CONSTRAINT one_announcement_per_line PRIMARY KEY (port_request_id, sequence, line_id)
);

-- Our answers about a port request: `version` numbers the events whose subject it is, `review`
-- is the sequence of the last review that was answered.
CREATE TABLE preconfigurations (
  port_request_id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  version integer NOT NULL DEFAULT 0,
  review integer NOT NULL DEFAULT 0
);

-- Calls that reached us for numbers that are not live here.
CREATE TABLE unknown_calls (
  phone_number text COLLATE "C" PRIMARY KEY,
  call_count bigint NOT NULL,
  last_called_at timestamptz NOT NULL
);

ALTER TABLE tracking_numbers ENABLE ROW LEVEL SECURITY;
ALTER TABLE tracking_numbers FORCE ROW LEVEL SECURITY;
ALTER TABLE announced_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE announced_lines FORCE ROW LEVEL SECURITY;
ALTER TABLE preconfigurations ENABLE ROW LEVEL SECURITY;
ALTER TABLE preconfigurations FORCE ROW LEVEL SECURITY;
ALTER TABLE unknown_calls ENABLE ROW LEVEL SECURITY;
ALTER TABLE unknown_calls FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_sees_its_numbers ON tracking_numbers TO numbers_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY support_sees_every_number ON tracking_numbers TO numbers_support USING (true);
CREATE POLICY support_sees_unknown_calls ON unknown_calls FOR SELECT TO numbers_support
  USING (true);

GRANT SELECT ON tracking_numbers TO numbers_tenant, numbers_support;
GRANT UPDATE (
  version, state, port_out_id, ported_at, first_called_at, ported_out_at, disabled_at, disabled_by
) ON tracking_numbers TO numbers_tenant, numbers_support;
GRANT SELECT ON unknown_calls TO numbers_support;

-- migrate:down
DROP TABLE unknown_calls, preconfigurations, announced_lines, tracking_numbers;
