-- migrate:up

-- A port-out may be refused, withdrawn, disputed and returned; some of its numbers may leave
-- before the others. `leaving_count` counts those that are still here and still wanted.
ALTER TABLE port_outs
  ADD COLUMN report_version integer NOT NULL DEFAULT 1,
  ADD COLUMN supplements text COLLATE "C",
  ADD COLUMN status_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN leaving_count integer NOT NULL DEFAULT 0,
  ADD COLUMN rejection_code text,
  ADD COLUMN rejection_note text,
  ADD COLUMN review_by timestamptz,
  ADD COLUMN disputed_at timestamptz,
  ADD COLUMN dispute_statement text,
  -- One report makes one port-out for each account and answer; see port_out_reports.
  DROP CONSTRAINT one_port_out_per_reference;
CREATE INDEX port_outs_by_reference ON port_outs (gaining_carrier, reference);
CREATE INDEX port_outs_by_turn ON port_outs (status, id DESC)
  WHERE status NOT IN ('CONFIRMED', 'REJECTED', 'CANCELLED', 'RETURNED');

-- `stays_since`: refused, withdrawn or returned.
ALTER TABLE port_out_numbers
  ADD COLUMN ported_out_at timestamptz,
  ADD COLUMN stays_since timestamptz,
  ADD COLUMN disabled_by text;
-- The owner has no policy of its own: for what follows it is let see the rows.
ALTER TABLE port_outs NO FORCE ROW LEVEL SECURITY;
ALTER TABLE port_out_numbers NO FORCE ROW LEVEL SECURITY;
UPDATE port_out_numbers AS n
SET ported_out_at = p.ported_out_at
FROM port_outs AS p
WHERE p.id = n.port_out_id;
-- Of those that two reports asked for, the first has it.
UPDATE port_out_numbers AS n
SET stays_since = clock_timestamp()
WHERE ported_out_at IS NULL
  AND EXISTS (
    SELECT FROM port_out_numbers AS earlier
    WHERE earlier.tracking_number = n.tracking_number
      AND earlier.port_out_id < n.port_out_id
      AND earlier.ported_out_at IS NULL
  );
UPDATE port_outs AS p
SET status_since = coalesce(p.ported_out_at, p.received_at), leaving_count = (
  SELECT count(*) FROM port_out_numbers AS n
  WHERE n.port_out_id = p.id AND n.ported_out_at IS NULL AND n.stays_since IS NULL
);
CREATE UNIQUE INDEX one_open_port_out_per_number ON port_out_numbers (tracking_number)
  WHERE ported_out_at IS NULL AND stays_since IS NULL;
CREATE INDEX port_out_numbers_by_writing ON port_out_numbers (tracking_number);

-- What gaining carriers reported, and what each number was answered: the same again gets the
-- same. `sequence` counts the report's events.
CREATE TABLE port_out_reports (
  id text COLLATE "C" PRIMARY KEY,
  gaining_carrier text NOT NULL,
  reference text NOT NULL,
  version integer NOT NULL,
  received_at timestamptz NOT NULL,
  answer_by timestamptz NOT NULL,
  sequence integer NOT NULL,
  CONSTRAINT one_report_per_reference_and_version UNIQUE (gaining_carrier, reference, version)
);
CREATE TABLE port_out_report_numbers (
  report_id text COLLATE "C" NOT NULL REFERENCES port_out_reports (id),
  tracking_number text COLLATE "C" NOT NULL,
  finding text NOT NULL,
  port_out_id text COLLATE "C" REFERENCES port_outs (id),
  PRIMARY KEY (report_id, tracking_number)
);
INSERT INTO port_out_reports
  (id, gaining_carrier, reference, version, received_at, answer_by, sequence)
SELECT 'por_' || substr(min(id), 4), gaining_carrier, reference, 1, min(received_at),
  min(answer_by), 0
FROM port_outs
GROUP BY gaining_carrier, reference;
INSERT INTO port_out_report_numbers (report_id, tracking_number, finding, port_out_id)
SELECT r.id, n.tracking_number, 'LEAVES', min(n.port_out_id)
FROM port_out_reports AS r
JOIN port_outs AS p USING (gaining_carrier, reference)
JOIN port_out_numbers AS n ON n.port_out_id = p.id
GROUP BY r.id, n.tracking_number;
ALTER TABLE port_out_numbers FORCE ROW LEVEL SECURITY;
ALTER TABLE port_outs FORCE ROW LEVEL SECURITY;

-- What a person of support has to look at; `tracking_numbers` are the first of so many.
CREATE TABLE port_out_alerts (
  id text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  finding text,
  report_id text COLLATE "C" REFERENCES port_out_reports (id),
  port_out_id text COLLATE "C" REFERENCES port_outs (id),
  gaining_carrier text NOT NULL,
  reference text NOT NULL,
  tracking_numbers text[] NOT NULL,
  number_count integer NOT NULL,
  raised_at timestamptz NOT NULL,
  settled_at timestamptz,
  settled_by text,
  note text
);
CREATE INDEX open_port_out_alerts ON port_out_alerts (id DESC) WHERE settled_at IS NULL;

-- One row for each event, written in its transaction.
CREATE TABLE port_out_history (
  port_out_id text COLLATE "C" NOT NULL REFERENCES port_outs (id),
  version integer NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  event_type text NOT NULL,
  status text NOT NULL,
  number_count integer NOT NULL,
  reason text,
  correlation_id text,
  CONSTRAINT one_entry_per_port_out_event PRIMARY KEY (port_out_id, version)
);

DO $$
DECLARE
  owned text;
BEGIN
  FOREACH owned IN ARRAY ARRAY[
    'port_out_reports', 'port_out_report_numbers', 'port_out_alerts', 'port_out_history'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format('CREATE POLICY everything ON %I TO porting_support USING (true)', owned);
  END LOOP;
END $$;
CREATE POLICY of_the_account ON port_out_history TO porting_tenant
  USING (account_id = current_setting('app.account', true));

-- A report may name numbers of many accounts: only support reads it, and what was odd about it.
GRANT SELECT ON port_out_reports, port_out_report_numbers TO porting_support;
GRANT SELECT, UPDATE ON port_out_alerts TO porting_support;
GRANT SELECT, INSERT ON port_out_history TO porting_tenant, porting_support;
REVOKE UPDATE, DELETE ON port_out_history FROM porting_worker;

-- migrate:down
DROP TABLE port_out_history, port_out_alerts, port_out_report_numbers, port_out_reports;
DROP INDEX port_out_numbers_by_writing, one_open_port_out_per_number, port_outs_by_turn,
  port_outs_by_reference;
ALTER TABLE port_out_numbers
  DROP COLUMN ported_out_at, DROP COLUMN stays_since, DROP COLUMN disabled_by;
ALTER TABLE port_outs NO FORCE ROW LEVEL SECURITY;
-- Of the port-outs that one report made for one account, the first keeps its reference.
UPDATE port_outs AS p
SET reference = p.reference || ' ' || p.id
WHERE EXISTS (
  SELECT FROM port_outs AS earlier
  WHERE earlier.gaining_carrier = p.gaining_carrier
    AND earlier.reference = p.reference
    AND earlier.account_id = p.account_id
    AND earlier.id < p.id
);
ALTER TABLE port_outs FORCE ROW LEVEL SECURITY;
ALTER TABLE port_outs
  DROP COLUMN report_version, DROP COLUMN supplements, DROP COLUMN status_since,
  DROP COLUMN leaving_count, DROP COLUMN rejection_code, DROP COLUMN rejection_note,
  DROP COLUMN review_by, DROP COLUMN disputed_at, DROP COLUMN dispute_statement,
  ADD CONSTRAINT one_port_out_per_reference UNIQUE (gaining_carrier, reference, account_id);
