-- migrate:up

-- Where a number list says it: which account of the losing carrier a number is on.
ALTER TABLE lines
  ADD COLUMN account_number text,
  ADD COLUMN billing_number text COLLATE "C";

-- migrate:down
ALTER TABLE lines
  DROP COLUMN billing_number,
  DROP COLUMN account_number;
