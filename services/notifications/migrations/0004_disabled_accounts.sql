-- migrate:up

-- Nobody of a disabled account changes anything: a membership says so.
ALTER TABLE accounts ADD COLUMN is_disabled boolean NOT NULL DEFAULT false;
CREATE POLICY owner_finds_accounts ON accounts FOR SELECT TO notifications_owner USING (true);
DROP FUNCTION find_memberships;
CREATE FUNCTION find_memberships(issuer text, subject text)
  RETURNS TABLE (
    account_id text, member_id text, role text, company_ids text[], account_is_disabled boolean
  )
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT m.account_id, m.member_id, m.role, m.company_ids, coalesce(a.is_disabled, false)
    FROM public.members AS m
    LEFT JOIN public.accounts AS a ON a.account_id = m.account_id
    WHERE m.login_issuer = issuer
      AND m.login_subject = subject
      AND m.is_active
    ORDER BY m.account_id;
  END;
REVOKE ALL ON FUNCTION find_memberships FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_memberships TO notifications;

-- migrate:down
DROP FUNCTION find_memberships;
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
DROP POLICY owner_finds_accounts ON accounts;
ALTER TABLE accounts DROP COLUMN is_disabled;
