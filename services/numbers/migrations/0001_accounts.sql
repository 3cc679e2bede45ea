-- migrate:up

CREATE TABLE accounts (
  id text COLLATE "C" PRIMARY KEY,
  version integer NOT NULL,
  name text NOT NULL,
  card_on_file boolean NOT NULL,
  balance_current boolean NOT NULL,
  in_good_standing boolean NOT NULL,
  in_trial boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- `name_key` is the name without case, spaces and Unicode forms: two companies of one name
-- could not be told apart in a CSV file.
CREATE TABLE companies (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL REFERENCES accounts (id),
  name text NOT NULL,
  name_key text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT one_company_per_name UNIQUE (account_id, name_key),
  CONSTRAINT company_belongs_to_its_account UNIQUE (account_id, id)
);

CREATE TABLE members (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL REFERENCES accounts (id),
  name text NOT NULL,
  email text NOT NULL,
  role text NOT NULL,
  company_ids text[] NOT NULL,
  login_issuer text COLLATE "C" NOT NULL,
  login_subject text COLLATE "C" NOT NULL,
  active boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT one_member_per_login UNIQUE (login_issuer, login_subject, account_id),
  CONSTRAINT member_role_is_known
    CHECK (role IN ('ADMINISTRATOR', 'MANAGER', 'CLIENT_MANAGER', 'VIEWER'))
);
CREATE INDEX members_by_account ON members (account_id, id);

ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
ALTER TABLE companies ENABLE ROW LEVEL SECURITY;
ALTER TABLE companies FORCE ROW LEVEL SECURITY;
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE members FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_sees_its_account ON accounts TO numbers_tenant
  USING (id = current_setting('app.account', true));
CREATE POLICY tenant_sees_its_companies ON companies TO numbers_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY tenant_sees_its_members ON members TO numbers_tenant
  USING (account_id = current_setting('app.account', true));

CREATE POLICY support_sees_every_account ON accounts TO numbers_support USING (true);
CREATE POLICY support_sees_every_company ON companies TO numbers_support USING (true);
CREATE POLICY support_sees_every_member ON members TO numbers_support USING (true);

GRANT SELECT ON accounts, companies, members TO numbers_tenant;
GRANT SELECT, INSERT ON accounts, companies, members TO numbers_support;

-- Who a login is, before there is an account to be seen: the only thing that the service may
-- ask without a role. It runs as the owner, whom FORCE holds to a policy of its own.
CREATE POLICY owner_finds_memberships ON members FOR SELECT TO numbers_owner USING (true);

CREATE FUNCTION find_memberships(issuer text, subject text)
RETURNS TABLE (account_id text, member_id text, role text, company_ids text[])
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog
AS $$
  SELECT account_id, id, role, company_ids
  FROM public.members
  WHERE login_issuer = issuer
    AND login_subject = subject
    AND active
$$;
REVOKE ALL ON FUNCTION find_memberships FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_memberships TO numbers;

-- migrate:down
DROP FUNCTION find_memberships;
DROP TABLE members, companies, accounts;
