-- migrate:up

-- Copies of what numbers owns; `version` is the account's, of which all three are parts.
CREATE TABLE accounts (
  account_id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
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
  email text NOT NULL,
  role text NOT NULL,
  company_ids text[] NOT NULL,
  login_issuer text NOT NULL,
  login_subject text NOT NULL,
  is_active boolean NOT NULL,
  version integer NOT NULL
);
CREATE INDEX members_by_login ON members (login_issuer, login_subject);
CREATE INDEX members_by_account ON members (account_id);

ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
ALTER TABLE companies ENABLE ROW LEVEL SECURITY;
ALTER TABLE companies FORCE ROW LEVEL SECURITY;
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE members FORCE ROW LEVEL SECURITY;

-- Whoever asks is nobody yet: the login role may only call this function, which runs as the
-- owner, and the policy lets the owner read.
CREATE POLICY owner_finds_memberships ON members FOR SELECT
  TO notifications_owner USING (true);

CREATE FUNCTION find_memberships(issuer text, subject text)
  RETURNS TABLE (account_id text, member_id text, role text, company_ids text[])
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT m.account_id, m.member_id, m.role, m.company_ids
    FROM public.members AS m
    WHERE m.login_issuer = issuer
      AND m.login_subject = subject
      AND m.is_active
    ORDER BY m.account_id;
  END;
REVOKE ALL ON FUNCTION find_memberships FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_memberships TO notifications;

-- migrate:down
DROP FUNCTION find_memberships;
DROP TABLE members, companies, accounts;
