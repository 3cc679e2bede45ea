-- migrate:up

-- What sending adds to a mail. `edition` counts how often support has had it sent again: with it
-- each gets a Message-ID of its own. `doubts` counts tries of which nobody knows whether they
-- arrived, `code` is what the mail server said last, `claimed_until` when a try counts as lost.
ALTER TABLE mails
  ADD COLUMN edition integer NOT NULL DEFAULT 1,
  ADD COLUMN doubts integer NOT NULL DEFAULT 0,
  ADD COLUMN code text,
  ADD COLUMN first_tried_at timestamptz,
  ADD COLUMN claimed_until timestamptz;
CREATE INDEX mails_being_sent ON mails (claimed_until) WHERE state = 'sending';
CREATE INDEX mails_by_member ON mails (member_id, mail_id);
CREATE INDEX mails_in_trouble ON mails (state, mail_id)
  WHERE state IN ('maybe_sent', 'bounced', 'failed', 'suppressed');

-- Addresses that bounced: after some times nothing more is sent there. In small letters.
CREATE TABLE bouncing_addresses (
  address text COLLATE "C" PRIMARY KEY,
  bounces integer NOT NULL,
  last_bounced_at timestamptz NOT NULL,
  last_code text NOT NULL,
  suppressed_at timestamptz
);
-- The worker's alone.
ALTER TABLE bouncing_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE bouncing_addresses FORCE ROW LEVEL SECURITY;

-- Support looks after mails of every account.
CREATE POLICY support_looks_after_mails ON mails
  TO notifications_support USING (true);
CREATE POLICY support_looks_after_mail_notices ON mail_notices FOR SELECT
  TO notifications_support USING (true);
CREATE POLICY support_looks_after_mailed_notices ON notices FOR SELECT
  TO notifications_support USING (true);
CREATE POLICY support_looks_after_bouncing_addresses ON bouncing_addresses
  TO notifications_support USING (true);
GRANT SELECT ON mails, mail_notices, notices TO notifications_support;
GRANT UPDATE (state, due_at, attempts, doubts, edition, reason, code, first_tried_at) ON mails
  TO notifications_support;
GRANT SELECT, DELETE ON bouncing_addresses TO notifications_support;
GRANT SELECT, INSERT ON idempotency_keys TO notifications_support;

-- migrate:down
REVOKE ALL ON idempotency_keys FROM notifications_support;
REVOKE ALL ON mails, mail_notices, notices FROM notifications_support;
DROP POLICY support_looks_after_mails ON mails;
DROP POLICY support_looks_after_mail_notices ON mail_notices;
DROP POLICY support_looks_after_mailed_notices ON notices;
DROP TABLE bouncing_addresses;
DROP INDEX mails_in_trouble, mails_by_member, mails_being_sent;
ALTER TABLE mails
  DROP COLUMN claimed_until,
  DROP COLUMN first_tried_at,
  DROP COLUMN code,
  DROP COLUMN doubts,
  DROP COLUMN edition;
