-- migrate:up

-- When the line ended of a number that had rung without it: nothing else will end such a number.
ALTER TABLE tracking_numbers ADD COLUMN line_ended_at timestamptz;
GRANT UPDATE (line_ended_at) ON tracking_numbers TO numbers_tenant, numbers_support;

-- migrate:down
ALTER TABLE tracking_numbers DROP COLUMN line_ended_at;
