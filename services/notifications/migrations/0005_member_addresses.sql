-- migrate:up

-- A member as each change left them: where to reach whoever was an administrator before it. A row
-- goes some days after a newer one came. `changed_at` is the instant of the change, not of its
-- coming here, so that a replay tells the same.
CREATE TABLE member_addresses (
  member_id text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  email text NOT NULL,
  is_administrator boolean NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT one_address_per_change PRIMARY KEY (member_id, version)
);
CREATE INDEX member_addresses_by_account ON member_addresses (account_id);

-- Those of before were known for long.
INSERT INTO member_addresses
  (member_id, version, account_id, email, is_administrator, changed_at)
SELECT member_id, version, account_id, email, role = 'ADMINISTRATOR' AND is_active,
  timestamptz '1970-01-01 00:00:00Z'
FROM members;

-- For the worker alone.
ALTER TABLE member_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_addresses FORCE ROW LEVEL SECURITY;

-- migrate:down
DROP TABLE member_addresses;
