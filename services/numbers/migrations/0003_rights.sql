-- migrate:up

-- Every service's tables come with rights that only some services need: nobody who asks here
-- sets a timer.
REVOKE ALL ON timers FROM numbers_tenant, numbers_support;

-- migrate:down
GRANT SELECT, INSERT, UPDATE, DELETE ON timers TO numbers_tenant, numbers_support;
