-- migrate:up

-- What a member chose, or a company as its default: `owner_id` is either's. Absent is at once.
CREATE TABLE notification_choices (
  owner_id text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  event_group text NOT NULL,
  channel text NOT NULL,
  delivery text NOT NULL,
  CONSTRAINT one_choice_per_group_and_channel PRIMARY KEY (owner_id, event_group, channel),
  CONSTRAINT channel_is_known CHECK (channel IN ('feed', 'mail')),
  CONSTRAINT delivery_is_known CHECK (delivery IN ('at_once', 'daily', 'off')),
  CONSTRAINT only_mails_are_gathered CHECK (channel = 'mail' OR delivery <> 'daily')
);

-- How a member is written to; absent is English, UTC, no quiet hours, the digest at eight.
CREATE TABLE notification_habits (
  member_id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  locale text NOT NULL,
  time_zone text NOT NULL,
  quiet_from time,
  quiet_until time,
  digest_at time NOT NULL,
  version integer NOT NULL,
  CONSTRAINT locale_is_known CHECK (locale IN ('en', 'fr-CA')),
  CONSTRAINT quiet_hours_have_both_ends CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
);

-- Which events a gathering notice has taken in: each once, whatever is redelivered.
CREATE TABLE notice_parts (
  message text NOT NULL,
  key text COLLATE "C" NOT NULL,
  CONSTRAINT each_part_is_gathered_once PRIMARY KEY (message, key)
);

CREATE INDEX notices_gathering ON notices (subject, message) WHERE state = 'pending';
-- How many a recipient gets in an hour.
CREATE INDEX mails_by_recipient ON mails (recipient, due_at);
-- What is gathered for a recipient goes into one mail, until that is taken to be sent.
CREATE UNIQUE INDEX one_open_digest ON mails (recipient, due_at)
  WHERE is_digest AND state = 'queued';

-- What holds for who chose nothing: of several companies the one that tells soonest.
CREATE FUNCTION default_delivery(companies text[], of_group text, by_channel text)
  RETURNS text
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT coalesce(
      (array_agg(
        coalesce(delivery, 'at_once')
        ORDER BY array_position(ARRAY['at_once', 'daily', 'off'], delivery) NULLS FIRST
      ))[1],
      'at_once'
    )
    FROM unnest(companies) AS company (company_id)
    LEFT JOIN public.notification_choices
      ON owner_id = company_id
      AND event_group = of_group
      AND channel = by_channel;
  END;

-- The next instant at which the wall clock of a zone shows this time.
CREATE FUNCTION next_time_of_day(after timestamptz, clock time, zone text)
  RETURNS timestamptz
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT min(at)
    FROM (
      SELECT ((after AT TIME ZONE zone)::date + days + clock) AT TIME ZONE zone AS at
      FROM generate_series(0, 2) AS days
    ) AS candidates
    WHERE at > after;
  END;

-- Where quiet hours hold, the instant of their end; otherwise the instant itself. They may span
-- midnight; both ends at one time are no hours at all.
CREATE FUNCTION after_quiet_hours(
  wanted timestamptz, quiet_from time, quiet_until time, zone text
)
  RETURNS timestamptz
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT CASE
      WHEN quiet_from < quiet_until
        AND clock.shows >= quiet_from
        AND clock.shows < quiet_until
        OR quiet_from > quiet_until
        AND (clock.shows >= quiet_from OR clock.shows < quiet_until)
      THEN public.next_time_of_day(wanted, quiet_until, zone)
      ELSE wanted
    END
    FROM (SELECT (wanted AT TIME ZONE zone)::time AS shows) AS clock;
  END;

GRANT EXECUTE ON FUNCTION default_delivery, next_time_of_day, after_quiet_hours
  TO notifications_worker;

ALTER TABLE notification_choices ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification_choices FORCE ROW LEVEL SECURITY;
CREATE POLICY members_see_their_account ON notification_choices
  TO notifications_tenant USING (account_id = current_setting('app.account', true));
CREATE POLICY support_sees_every_account ON notification_choices FOR SELECT
  TO notifications_support USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON notification_choices TO notifications_tenant;
GRANT SELECT ON notification_choices TO notifications_support;

ALTER TABLE notification_habits ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification_habits FORCE ROW LEVEL SECURITY;
CREATE POLICY members_see_their_account ON notification_habits
  TO notifications_tenant USING (account_id = current_setting('app.account', true));
CREATE POLICY support_sees_every_account ON notification_habits FOR SELECT
  TO notifications_support USING (true);
GRANT SELECT, INSERT, UPDATE ON notification_habits TO notifications_tenant;
GRANT SELECT ON notification_habits TO notifications_support;

-- Preferences are kept with an idempotency key, and name companies.
GRANT SELECT, INSERT ON idempotency_keys TO notifications_tenant;
CREATE POLICY members_see_their_account ON companies FOR SELECT
  TO notifications_tenant USING (account_id = current_setting('app.account', true));
GRANT SELECT ON companies TO notifications_tenant;

ALTER TABLE notice_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE notice_parts FORCE ROW LEVEL SECURITY;

-- migrate:down
REVOKE ALL ON companies FROM notifications_tenant;
DROP POLICY members_see_their_account ON companies;
REVOKE ALL ON idempotency_keys FROM notifications_tenant;
DROP FUNCTION after_quiet_hours, next_time_of_day, default_delivery;
DROP INDEX one_open_digest, mails_by_recipient, notices_gathering;
DROP TABLE notice_parts, notification_habits, notification_choices;
