-- migrate:up

-- `name_key` is searched: the name without case and Unicode forms. `standing_changed_at` and
-- `standing_sequence` say how new the standing is: a report that is older changes nothing.
ALTER TABLE accounts
  ADD COLUMN name_key text COLLATE "C",
  ADD COLUMN standing_changed_at timestamptz,
  ADD COLUMN standing_sequence integer NOT NULL DEFAULT 0,
  ADD COLUMN disabled_at timestamptz,
  ADD COLUMN disabled_by text,
  ADD CONSTRAINT who_disabled_it_is_known CHECK ((disabled_at IS NULL) = (disabled_by IS NULL));
ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY;
UPDATE accounts
SET name_key = lower(normalize(name, NFKC)), standing_changed_at = created_at;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
ALTER TABLE accounts
  ALTER COLUMN name_key SET NOT NULL,
  ALTER COLUMN standing_changed_at SET NOT NULL;

-- Copies of what porting owns, as far as they keep an account from being disabled. A row stays
-- when its port has ended: what comes late must not open it again.
CREATE TABLE port_requests (
  port_request_id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  is_open boolean NOT NULL,
  version integer NOT NULL
);
CREATE INDEX open_port_requests ON port_requests (account_id) WHERE is_open;

-- Each number of each port-out: leaving, gone and not yet confirmed, or done with.
CREATE TABLE port_out_numbers (
  port_out_id text COLLATE "C" NOT NULL,
  phone_number text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  CONSTRAINT one_state_per_number_of_a_port_out PRIMARY KEY (port_out_id, phone_number),
  CONSTRAINT leaving_state_is_known CHECK (state IN ('LEAVING', 'LEFT', 'CONFIRMED', 'STAYED'))
);
CREATE INDEX port_out_numbers_under_way ON port_out_numbers (account_id, state)
  WHERE state IN ('LEAVING', 'LEFT');

ALTER TABLE port_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE port_requests FORCE ROW LEVEL SECURITY;
ALTER TABLE port_out_numbers ENABLE ROW LEVEL SECURITY;
ALTER TABLE port_out_numbers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_sees_its_port_requests ON port_requests FOR SELECT TO numbers_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY tenant_sees_its_leaving_numbers ON port_out_numbers FOR SELECT TO numbers_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY support_sees_every_port_request ON port_requests FOR SELECT TO numbers_support
  USING (true);
CREATE POLICY support_sees_every_leaving_number ON port_out_numbers FOR SELECT
  TO numbers_support USING (true);
GRANT SELECT ON port_requests, port_out_numbers TO numbers_tenant, numbers_support;

-- An administrator changes people and companies; what the account itself is, support does.
GRANT UPDATE (version, disabled_at, disabled_by) ON accounts TO numbers_tenant;
GRANT UPDATE (
  version, name, name_key, card_on_file, balance_current, in_good_standing, in_trial,
  standing_changed_at, standing_sequence, disabled_at, disabled_by
) ON accounts TO numbers_support;
GRANT INSERT ON companies, members TO numbers_tenant;
GRANT UPDATE (name, name_key) ON companies TO numbers_tenant, numbers_support;
GRANT UPDATE (name, email, role, company_ids, active) ON members
  TO numbers_tenant, numbers_support;

-- A membership says as well whether its account is disabled.
CREATE POLICY owner_finds_accounts ON accounts FOR SELECT TO numbers_owner USING (true);
DROP FUNCTION find_memberships;
CREATE FUNCTION find_memberships(issuer text, subject text)
  RETURNS TABLE (
    account_id text, member_id text, role text, company_ids text[], account_is_disabled boolean
  )
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT m.account_id, m.id, m.role, m.company_ids, a.disabled_at IS NOT NULL
    FROM public.members AS m
    JOIN public.accounts AS a ON a.id = m.account_id
    WHERE m.login_issuer = issuer
      AND m.login_subject = subject
      AND m.active
    ORDER BY m.account_id;
  END;
REVOKE ALL ON FUNCTION find_memberships FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_memberships TO numbers;

-- migrate:down
DROP FUNCTION find_memberships;
CREATE FUNCTION find_memberships(issuer text, subject text)
  RETURNS TABLE (account_id text, member_id text, role text, company_ids text[])
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT m.account_id, m.id, m.role, m.company_ids
    FROM public.members AS m
    WHERE m.login_issuer = issuer
      AND m.login_subject = subject
      AND m.active
    ORDER BY m.account_id;
  END;
REVOKE ALL ON FUNCTION find_memberships FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_memberships TO numbers;
DROP POLICY owner_finds_accounts ON accounts;
REVOKE UPDATE (name, email, role, company_ids, active) ON members
  FROM numbers_tenant, numbers_support;
REVOKE UPDATE (name, name_key) ON companies FROM numbers_tenant, numbers_support;
REVOKE INSERT ON companies, members FROM numbers_tenant;
REVOKE UPDATE (
  version, name, name_key, card_on_file, balance_current, in_good_standing, in_trial,
  standing_changed_at, standing_sequence, disabled_at, disabled_by
) ON accounts FROM numbers_support;
REVOKE UPDATE (version, disabled_at, disabled_by) ON accounts FROM numbers_tenant;
DROP TABLE port_out_numbers, port_requests;
ALTER TABLE accounts
  DROP COLUMN disabled_by,
  DROP COLUMN disabled_at,
  DROP COLUMN standing_sequence,
  DROP COLUMN standing_changed_at,
  DROP COLUMN name_key;
