-- migrate:up

-- Whether a request was a manager's: then every administrator was asked to authorize it (S46).
CREATE INDEX notices_of_managers_requests ON notices (subject)
  WHERE message = 'authorization_wanted';

-- migrate:down
DROP INDEX notices_of_managers_requests;
