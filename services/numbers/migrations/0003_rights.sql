-- migrate:up

-- Every service's tables come with rights that only some services need: nobody who asks here
-- sets a timer.
REVOKE ALL ON timers FROM numbers_tenant, numbers_support;

-- One form in every service: the body is bound to its table when it is made, so nobody's
-- temporary table stands in for it.
CREATE OR REPLACE FUNCTION find_memberships(issuer text, subject text)
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

-- migrate:down
CREATE OR REPLACE FUNCTION find_memberships(issuer text, subject text)
RETURNS TABLE (account_id text, member_id text, role text, company_ids text[])
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog
AS $$
  SELECT m.account_id, m.id, m.role, m.company_ids
  FROM public.members AS m
  WHERE m.login_issuer = issuer AND m.login_subject = subject AND m.active
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON timers TO numbers_tenant, numbers_support;
