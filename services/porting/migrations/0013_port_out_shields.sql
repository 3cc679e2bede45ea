-- migrate:up

-- What an account sets between its numbers and a gaining carrier's report: one row, made by its
-- first change. `wrong_tries` counts over all reports that name any of the account's numbers.
CREATE TABLE port_out_shields (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  version integer NOT NULL DEFAULT 0,
  account_identifier text COLLATE "C",
  pin_hash text,
  pin_set_at timestamptz,
  wrong_tries integer NOT NULL DEFAULT 0,
  last_wrong_at timestamptz,
  CONSTRAINT one_shield_per_account UNIQUE (account_id),
  CONSTRAINT one_account_per_identifier UNIQUE (account_identifier),
  CONSTRAINT a_pin_has_its_time CHECK ((pin_hash IS NULL) = (pin_set_at IS NULL))
);

-- `number_id` is '' where the whole account is locked. A lock is gone once `unlocks_at` has come,
-- whether or not its row still stands.
CREATE TABLE port_out_locks (
  account_id text COLLATE "C" NOT NULL,
  number_id text COLLATE "C" NOT NULL,
  tracking_number text COLLATE "C",
  locked_at timestamptz NOT NULL,
  locked_by text NOT NULL,
  unlock_asked_by text,
  unlocks_at timestamptz,
  CONSTRAINT one_lock_per_number PRIMARY KEY (account_id, number_id),
  CONSTRAINT a_locked_number_is_named CHECK ((number_id = '') = (tracking_number IS NULL)),
  CONSTRAINT whoever_unlocks_is_known CHECK (
    (unlock_asked_by IS NULL) = (unlocks_at IS NULL)
  )
);
CREATE INDEX port_out_locks_by_number ON port_out_locks (number_id);

-- Who did what to a shield, when and why: rows are added and read, never changed.
CREATE TABLE port_out_shield_records (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  act text NOT NULL,
  actor text NOT NULL,
  at timestamptz NOT NULL,
  tracking_numbers text[] NOT NULL,
  reason text
);
CREATE INDEX port_out_shield_records_by_account ON port_out_shield_records (account_id, id DESC);

-- When something about an administrator of the account changed last.
CREATE TABLE administrator_changes (
  account_id text COLLATE "C" PRIMARY KEY,
  changed_at timestamptz NOT NULL
);

DO $$
DECLARE
  owned text;
BEGIN
  FOREACH owned IN ARRAY ARRAY[
    'port_out_shields', 'port_out_locks', 'port_out_shield_records', 'administrator_changes'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format('CREATE POLICY everything ON %I TO porting_support USING (true)', owned);
    EXECUTE format(
      'CREATE POLICY of_the_account ON %I TO porting_tenant '
      'USING (account_id = current_setting(''app.account'', true))', owned
    );
  END LOOP;
END $$;

-- The hash of a PIN is read by the worker alone: whoever asks the graph can only replace it.
GRANT SELECT (
  id, account_id, version, account_identifier, pin_set_at, wrong_tries, last_wrong_at
), INSERT (id, account_id), UPDATE ON port_out_shields TO porting_tenant;
GRANT SELECT (id, account_id, version, pin_set_at, wrong_tries, last_wrong_at),
  INSERT (id, account_id), UPDATE (version, wrong_tries, last_wrong_at)
  ON port_out_shields TO porting_support;
GRANT SELECT, INSERT, UPDATE ON port_out_locks TO porting_tenant, porting_support;
GRANT SELECT, INSERT ON port_out_shield_records TO porting_tenant, porting_support;
GRANT SELECT ON administrator_changes TO porting_tenant, porting_support;

-- migrate:down
DROP TABLE administrator_changes, port_out_shield_records, port_out_locks, port_out_shields;
