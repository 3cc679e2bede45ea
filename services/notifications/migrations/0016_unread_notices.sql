-- migrate:up

-- The unread are counted by their notices' messages too.
DROP INDEX feed_entries_unread;
CREATE INDEX feed_entries_unread ON feed_entries (account_id, member_id, place)
  INCLUDE (company_ids, requester_id, notice_id) WHERE read_at IS NULL;

-- migrate:down
DROP INDEX feed_entries_unread;
CREATE INDEX feed_entries_unread ON feed_entries (account_id, member_id, place)
  INCLUDE (company_ids, requester_id) WHERE read_at IS NULL;
