-- migrate:up

-- What may still come back is looked for among what left.
CREATE INDEX disabled_numbers_that_left ON tracking_numbers (phone_number)
  WHERE state = 'DISABLED' AND ported_out_at IS NOT NULL;

-- migrate:down
DROP INDEX disabled_numbers_that_left;
