-- migrate:up

-- Every service's tables come with rights that only some services need: nobody who asks here
-- changes anything.
REVOKE ALL ON outbox, timers, idempotency_keys FROM notifications_tenant, notifications_support;

-- migrate:down
GRANT INSERT ON outbox TO notifications_tenant, notifications_support;
GRANT SELECT, INSERT, UPDATE, DELETE ON timers TO notifications_tenant, notifications_support;
GRANT SELECT, INSERT ON idempotency_keys TO notifications_tenant, notifications_support;
