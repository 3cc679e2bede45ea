-- migrate:up

-- Whether anything about a subject is still waited for, before its reminder is told or sent.
CREATE INDEX awaited_by_subject ON awaited (subject, message);

-- Since when what is kept can be forgotten, and indexes by which housekeeping finds it.
ALTER TABLE awaited ADD COLUMN heard_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX awaited_no_more ON awaited (heard_at) WHERE NOT is_waiting;
ALTER TABLE notice_parts ADD COLUMN gathered_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX notice_parts_by_age ON notice_parts (gathered_at);
CREATE INDEX notices_ended ON notices (due_at) WHERE state <> 'pending';
CREATE INDEX mails_by_age ON mails (made_at);

-- migrate:down
DROP INDEX mails_by_age, notices_ended, notice_parts_by_age, awaited_no_more,
  awaited_by_subject;
ALTER TABLE notice_parts DROP COLUMN gathered_at;
ALTER TABLE awaited DROP COLUMN heard_at;
