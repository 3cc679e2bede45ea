-- migrate:up

-- Support acts here on events that could not be worked: once for each key.
GRANT SELECT, INSERT ON idempotency_keys TO notifications_support;

-- migrate:down
REVOKE ALL ON idempotency_keys FROM notifications_support;
