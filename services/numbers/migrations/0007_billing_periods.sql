-- migrate:up

-- Equality of text beside overlap of times in one constraint.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- When a number costs its fee: from the port's instant until it is disabled.
CREATE TABLE billing_periods (
  account_id text COLLATE "C" NOT NULL REFERENCES accounts (id),
  number_id text COLLATE "C" NOT NULL REFERENCES tracking_numbers (id),
  id text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (account_id, number_id, id),
  CONSTRAINT periods_of_a_number_never_overlap
    EXCLUDE USING gist (number_id WITH =, tstzrange(started_at, ended_at) WITH &&),
  CONSTRAINT period_ends_after_it_began CHECK (ended_at >= started_at)
);

-- Numbers that were in inventory before there were periods; the owner sees them only unforced.
ALTER TABLE tracking_numbers NO FORCE ROW LEVEL SECURITY;
INSERT INTO billing_periods (account_id, number_id, id, version, started_at, ended_at)
SELECT account_id, id, 'bp' || substr(id, 4), 1, ported_at,
  CASE WHEN state = 'DISABLED' THEN greatest(disabled_at, ported_at) END
FROM tracking_numbers
WHERE ported_at IS NOT NULL;
ALTER TABLE tracking_numbers FORCE ROW LEVEL SECURITY;

ALTER TABLE billing_periods ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing_periods FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_sees_its_periods ON billing_periods TO numbers_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY support_sees_every_period ON billing_periods TO numbers_support USING (true);
-- Who disables a number ends its charges, who restores it begins them.
GRANT SELECT, INSERT ON billing_periods TO numbers_tenant, numbers_support;
GRANT UPDATE (version, started_at, ended_at) ON billing_periods
  TO numbers_tenant, numbers_support;

ALTER TABLE accounts ADD COLUMN disables_ported_out boolean NOT NULL DEFAULT false;
GRANT UPDATE (disables_ported_out) ON accounts TO numbers_tenant, numbers_support;

ALTER TABLE tracking_numbers ADD COLUMN quarantined_at timestamptz;
GRANT UPDATE (quarantined_at) ON tracking_numbers TO numbers_tenant, numbers_support;

-- Disabled numbers that have not left are still ours: nobody ports them in, and they are kept
-- back when nobody has restored them in time.
CREATE INDEX disabled_numbers_of_ours ON tracking_numbers (phone_number)
  WHERE state = 'DISABLED' AND ported_out_at IS NULL;
CREATE INDEX tracking_numbers_by_disabling ON tracking_numbers (disabled_at)
  WHERE state = 'DISABLED' AND ported_out_at IS NULL;
CREATE INDEX tracking_numbers_by_quarantine ON tracking_numbers (quarantined_at)
  WHERE state = 'QUARANTINED';

-- migrate:down
DROP INDEX disabled_numbers_of_ours, tracking_numbers_by_disabling,
  tracking_numbers_by_quarantine;
ALTER TABLE tracking_numbers DROP COLUMN quarantined_at;
REVOKE UPDATE (disables_ported_out) ON accounts FROM numbers_tenant, numbers_support;
ALTER TABLE accounts DROP COLUMN disables_ported_out;
DROP TABLE billing_periods;
DROP EXTENSION btree_gist;
