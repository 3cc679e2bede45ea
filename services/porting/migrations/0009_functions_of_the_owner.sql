-- migrate:up

-- The owner's functions read members and never write them.
DROP POLICY seen_by_the_owner ON members;
CREATE POLICY seen_by_the_owner ON members FOR SELECT TO porting_owner USING (true);

-- One form in every service: the body is bound to its table when it is made, so nobody's
-- temporary table stands in for it.
CREATE OR REPLACE FUNCTION find_memberships(issuer text, subject text)
  RETURNS TABLE (account_id text, member_id text, role text, company_ids text[])
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT m.account_id, m.member_id, m.role, m.company_ids
    FROM public.members AS m
    WHERE m.login_issuer = issuer
      AND m.login_subject = subject
      AND m.active
    ORDER BY m.account_id;
  END;
ALTER FUNCTION find_taken_numbers SET search_path = public, pg_temp;
ALTER FUNCTION find_forwarded_to SET search_path = public, pg_temp;

-- migrate:down
ALTER FUNCTION find_forwarded_to SET search_path = public;
ALTER FUNCTION find_taken_numbers SET search_path = public;
CREATE OR REPLACE FUNCTION find_memberships(issuer text, subject text)
RETURNS TABLE (account_id text, member_id text, role text, company_ids text[])
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public
AS $$
  SELECT m.account_id, m.member_id, m.role, m.company_ids
  FROM public.members AS m
  WHERE m.login_issuer = issuer AND m.login_subject = subject AND m.active
$$;
DROP POLICY seen_by_the_owner ON members;
CREATE POLICY seen_by_the_owner ON members TO porting_owner USING (true);
