-- migrate:up

-- Whether anything about a subject is still waited for, before its reminder is told or sent.
CREATE INDEX awaited_by_subject ON awaited (subject, message);

-- migrate:down
DROP INDEX awaited_by_subject;
