-- migrate:up

-- A client manager's request that moves to another company takes every case about it along, also
-- those that somebody else opened: the database lets them reach those, our conditions show them
-- their own (S48).
DROP POLICY of_the_requester ON support_cases;
CREATE POLICY of_the_requester ON support_cases AS RESTRICTIVE TO porting_tenant
  USING (
    coalesce(current_setting('app.requester', true), '') IN ('', requester_id)
    OR EXISTS (SELECT FROM port_requests AS r WHERE r.id = support_cases.port_request_id)
  );

-- migrate:down
DROP POLICY of_the_requester ON support_cases;
CREATE POLICY of_the_requester ON support_cases AS RESTRICTIVE TO porting_tenant
  USING (coalesce(current_setting('app.requester', true), '') IN ('', requester_id));
