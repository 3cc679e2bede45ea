-- migrate:up

-- 'desk' is what only our port desk hears of a request: who works on it, and what its customer
-- has no status for. Dashboards filter by what a thing was and became, and numbers by the request
-- that they come by. Changes of before have neither.
ALTER TABLE status_changes
  DROP CONSTRAINT subject_kind_is_known,
  DROP CONSTRAINT a_request_has_a_requester,
  ADD COLUMN status_before text,
  ADD COLUMN port_request_id text COLLATE "C",
  ADD CONSTRAINT subject_kind_is_known CHECK (
    subject_kind IN ('port_request', 'desk', 'port_out', 'tracking_number', 'account')
  ),
  ADD CONSTRAINT a_request_has_a_requester CHECK (
    requester_id IS NOT NULL OR subject_kind NOT IN ('port_request', 'desk')
  );

DROP POLICY members_see_their_account ON status_changes;
CREATE POLICY members_see_their_account ON status_changes FOR SELECT
  TO notifications_tenant USING (
    account_id = current_setting('app.account', true)
    AND subject_kind NOT IN ('account', 'desk')
    AND (
      subject_kind <> 'port_request'
      OR current_setting('app.requester', true) IN ('', requester_id)
    )
  );

-- An entry's place counts in the order of commits: a stream that came as far as one has missed
-- nothing before it. Whose right it needs is its notice's, kept here so that the unread are
-- counted from the index alone.
ALTER TABLE feed_entries
  ADD COLUMN place bigint GENERATED ALWAYS AS IDENTITY,
  ADD COLUMN company_ids text[],
  ADD COLUMN requester_id text COLLATE "C",
  ADD CONSTRAINT one_entry_per_place UNIQUE (place);
UPDATE feed_entries
SET company_ids = notices.company_ids, requester_id = notices.requester_id
FROM notices
WHERE notices.notice_id = feed_entries.notice_id;
ALTER TABLE feed_entries ALTER COLUMN company_ids SET NOT NULL;

CREATE FUNCTION let_one_write_entries() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('portline feed'));
    RETURN NULL;
  END;
  $$;
CREATE TRIGGER one_writes_at_a_time BEFORE INSERT ON feed_entries
  FOR EACH STATEMENT EXECUTE FUNCTION let_one_write_entries();

CREATE FUNCTION take_rights_of_notice() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
  BEGIN
    SELECT n.company_ids, n.requester_id
    INTO new.company_ids, new.requester_id
    FROM public.notices AS n
    WHERE n.notice_id = new.notice_id;
    RETURN new;
  END;
  $$;
CREATE TRIGGER rights_are_the_notices BEFORE INSERT ON feed_entries
  FOR EACH ROW EXECUTE FUNCTION take_rights_of_notice();

DROP INDEX feed_entries_by_member;
CREATE INDEX feed_entries_by_place ON feed_entries (account_id, member_id, place);
DROP INDEX feed_entries_unread;
CREATE INDEX feed_entries_unread ON feed_entries (account_id, member_id, place)
  INCLUDE (company_ids, requester_id) WHERE read_at IS NULL;

CREATE POLICY members_see_their_own ON feed_entries
  TO notifications_tenant USING (
    account_id = current_setting('app.account', true)
    AND member_id = substr(current_setting('app.actor', true), length('member:') + 1)
    AND (requester_id IS NULL OR current_setting('app.requester', true) IN ('', requester_id))
  );
GRANT SELECT, UPDATE (read_at) ON feed_entries TO notifications_tenant;

CREATE POLICY members_see_their_accounts ON notices FOR SELECT
  TO notifications_tenant USING (
    account_id = current_setting('app.account', true)
    AND (requester_id IS NULL OR current_setting('app.requester', true) IN ('', requester_id))
  );
GRANT SELECT (
  notice_id, message, account_id, company_ids, requester_id, subject, occurred_at, content
) ON notices TO notifications_tenant;

-- migrate:down
REVOKE SELECT (
  notice_id, message, account_id, company_ids, requester_id, subject, occurred_at, content
) ON notices FROM notifications_tenant;
DROP POLICY members_see_their_accounts ON notices;
REVOKE SELECT, UPDATE (read_at) ON feed_entries FROM notifications_tenant;
DROP POLICY members_see_their_own ON feed_entries;
DROP TRIGGER rights_are_the_notices ON feed_entries;
DROP TRIGGER one_writes_at_a_time ON feed_entries;
DROP FUNCTION take_rights_of_notice, let_one_write_entries;
DROP INDEX feed_entries_unread, feed_entries_by_place;
CREATE INDEX feed_entries_by_member ON feed_entries (account_id, member_id, entry_id);
CREATE INDEX feed_entries_unread ON feed_entries (account_id, member_id) WHERE read_at IS NULL;
ALTER TABLE feed_entries
  DROP CONSTRAINT one_entry_per_place,
  DROP COLUMN requester_id,
  DROP COLUMN company_ids,
  DROP COLUMN place;
DROP POLICY members_see_their_account ON status_changes;
CREATE POLICY members_see_their_account ON status_changes FOR SELECT
  TO notifications_tenant USING (
    account_id = current_setting('app.account', true)
    AND subject_kind <> 'account'
    AND (
      subject_kind <> 'port_request'
      OR current_setting('app.requester', true) IN ('', requester_id)
    )
  );
DELETE FROM status_changes WHERE subject_kind = 'desk';
ALTER TABLE status_changes
  DROP CONSTRAINT a_request_has_a_requester,
  DROP CONSTRAINT subject_kind_is_known,
  DROP COLUMN port_request_id,
  DROP COLUMN status_before,
  ADD CONSTRAINT subject_kind_is_known CHECK (
    subject_kind IN ('port_request', 'port_out', 'tracking_number', 'account')
  ),
  ADD CONSTRAINT a_request_has_a_requester CHECK (
    requester_id IS NOT NULL OR subject_kind <> 'port_request'
  );
