-- migrate:up

-- What a create, submit, sign or decide answered, so that a repeated call answers the same.
-- `owner` is the account, or the login of somebody who acts without one.
CREATE TABLE idempotency_keys (
  owner text COLLATE "C" NOT NULL,
  mutation text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint bytea NOT NULL,
  result jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT one_effect_per_key PRIMARY KEY (owner, mutation, key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys USING brin (created_at);

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;

DO $$
DECLARE
  service text := replace(current_user, '_owner', '');
BEGIN
  EXECUTE format(
    'CREATE POLICY an_account_sees_its_own ON idempotency_keys TO %I '
    'USING (owner = current_setting(''app.account'', true)) '
    'WITH CHECK (owner = current_setting(''app.account'', true))',
    service || '_tenant'
  );
  EXECUTE format(
    'CREATE POLICY support_sees_all ON idempotency_keys TO %I USING (true)',
    service || '_support'
  );
  EXECUTE format(
    'GRANT SELECT, INSERT ON idempotency_keys TO %I, %I',
    service || '_tenant', service || '_support'
  );
END $$;

-- migrate:down
DROP TABLE idempotency_keys;
