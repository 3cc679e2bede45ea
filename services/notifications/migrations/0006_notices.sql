-- migrate:up

-- What people are told, each once: an event, or a reminder that came due. `message` says which
-- text, `key` what makes it the same thing: told twice, it is one row. `due_at` is when it is told;
-- until then a notice may gather more of its kind. `content` is what its text needs.
CREATE TABLE notices (
  notice_id text COLLATE "C" PRIMARY KEY,
  message text NOT NULL,
  key text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  company_ids text[] NOT NULL,
  requester_id text COLLATE "C",
  subject text COLLATE "C" NOT NULL,
  occurred_at timestamptz NOT NULL,
  content jsonb NOT NULL,
  traceparent text,
  state text NOT NULL DEFAULT 'pending',
  due_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  reason text,
  CONSTRAINT each_thing_is_told_once UNIQUE (message, key),
  CONSTRAINT notice_state_is_known CHECK (state IN ('pending', 'told', 'dead'))
);
CREATE INDEX notices_untold ON notices (due_at) WHERE state = 'pending';

-- One line of a member's feed.
CREATE TABLE feed_entries (
  entry_id text COLLATE "C" PRIMARY KEY,
  notice_id text COLLATE "C" NOT NULL REFERENCES notices ON DELETE CASCADE,
  account_id text COLLATE "C" NOT NULL,
  member_id text COLLATE "C" NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  read_at timestamptz,
  CONSTRAINT one_entry_per_member UNIQUE (notice_id, member_id)
);
CREATE INDEX feed_entries_by_member ON feed_entries (account_id, member_id, entry_id);
CREATE INDEX feed_entries_unread ON feed_entries (account_id, member_id) WHERE read_at IS NULL;

-- One mail to one recipient: a member's id, or what names somebody who is none, such as
-- 'ltr_… signer'. The signer's address is porting's until the mail is sent. A mail tells one
-- notice, and more of them where it is a digest.
CREATE TABLE mails (
  mail_id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  recipient text COLLATE "C" NOT NULL,
  member_id text COLLATE "C",
  name text NOT NULL,
  address text,
  locale text NOT NULL,
  is_digest boolean NOT NULL DEFAULT false,
  state text NOT NULL DEFAULT 'queued',
  due_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  reason text,
  traceparent text,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  sent_at timestamptz,
  CONSTRAINT mail_state_is_known CHECK (
    state IN ('queued', 'sending', 'sent', 'maybe_sent', 'bounced', 'failed', 'suppressed')
  )
);
CREATE INDEX mails_due ON mails (due_at) WHERE state = 'queued';
CREATE INDEX mails_by_account ON mails (account_id, mail_id);

CREATE TABLE mail_notices (
  mail_id text COLLATE "C" NOT NULL REFERENCES mails ON DELETE CASCADE,
  notice_id text COLLATE "C" NOT NULL REFERENCES notices ON DELETE CASCADE,
  recipient text COLLATE "C" NOT NULL,
  CONSTRAINT one_mail_per_recipient UNIQUE (notice_id, recipient)
);
CREATE INDEX mail_notices_by_mail ON mail_notices (mail_id);

-- The worker's, until somebody may ask for them.
ALTER TABLE notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE notices FORCE ROW LEVEL SECURITY;
ALTER TABLE feed_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_entries FORCE ROW LEVEL SECURITY;
ALTER TABLE mails ENABLE ROW LEVEL SECURITY;
ALTER TABLE mails FORCE ROW LEVEL SECURITY;
ALTER TABLE mail_notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_notices FORCE ROW LEVEL SECURITY;

-- migrate:down
DROP TABLE mail_notices, mails, feed_entries, notices;
