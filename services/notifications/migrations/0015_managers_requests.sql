-- migrate:up

-- Whether a request was a manager's: then every administrator was asked to authorize it (S46).
CREATE INDEX notices_of_managers_requests ON notices (subject)
  WHERE message = 'authorization_wanted';

-- The unread are counted by their notices' messages too.
DROP INDEX feed_entries_unread;
CREATE INDEX feed_entries_unread ON feed_entries (account_id, member_id, place)
  INCLUDE (company_ids, requester_id, notice_id) WHERE read_at IS NULL;

-- migrate:down
DROP INDEX feed_entries_unread;
CREATE INDEX feed_entries_unread ON feed_entries (account_id, member_id, place)
  INCLUDE (company_ids, requester_id) WHERE read_at IS NULL;
DROP INDEX notices_of_managers_requests;
