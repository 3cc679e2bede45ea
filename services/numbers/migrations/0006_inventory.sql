-- migrate:up

-- What lists are sorted and searched by. As columns, for behind row-level security an index is
-- used only for what PostgreSQL knows to be leakproof: comparing a column is, `reverse(…)` is not.
-- `name_key` is without case, marks and Unicode forms, and no longer than a cursor may be.
-- `announced` is what the line said before its number was changed here: what a later review of
-- the line repeats does not undo the change.
ALTER TABLE tracking_numbers
  ADD COLUMN reversed_number text COLLATE "C" NOT NULL
    GENERATED ALWAYS AS (reverse(phone_number)) STORED,
  ADD COLUMN is_toll_free boolean NOT NULL
    GENERATED ALWAYS AS (
      substr(phone_number, 1, 5)
        IN ('+1800', '+1833', '+1844', '+1855', '+1866', '+1877', '+1888')
    ) STORED,
  ADD COLUMN name_key text COLLATE "C" NOT NULL
    GENERATED ALWAYS AS (
      left(
        regexp_replace(
          normalize(lower(name COLLATE "und-x-icu"), NFKD), '[\u0300-\u036f]+', '', 'g'
        ),
        40
      )
    ) STORED,
  ADD COLUMN announced jsonb;

-- One for each order of a list; and for what is looked for in an account.
CREATE INDEX tracking_numbers_of_account_by_number
  ON tracking_numbers (account_id, tab, phone_number, id);
CREATE INDEX tracking_numbers_of_account_by_name
  ON tracking_numbers (account_id, tab, name_key, id);
CREATE INDEX tracking_numbers_of_company_by_number
  ON tracking_numbers (company_id, tab, phone_number, id);
CREATE INDEX tracking_numbers_of_company_by_name
  ON tracking_numbers (company_id, tab, name_key, id);
CREATE INDEX tracking_numbers_by_ending ON tracking_numbers (account_id, reversed_number);
CREATE INDEX tracking_numbers_by_source ON tracking_numbers (account_id, source, tab, id);

-- Whose numbers ring at a number that comes in: not only while they are preconfigured.
DROP INDEX tracking_numbers_by_forwarding_number;
CREATE INDEX tracking_numbers_by_forwarding_number ON tracking_numbers (forwarding_number)
  WHERE state NOT IN ('DISABLED', 'RELEASED');

-- How many numbers each tab of a company has, and of an account, whose `company_id` is '';
-- changed by whatever changes the numbers.
CREATE TABLE number_counts (
  account_id text COLLATE "C" NOT NULL,
  company_id text COLLATE "C" NOT NULL,
  tab text COLLATE "C" NOT NULL,
  numbers bigint NOT NULL,
  CONSTRAINT one_count_per_tab PRIMARY KEY (account_id, company_id, tab)
) WITH (fillfactor = 50);
CREATE INDEX number_counts_of_company ON number_counts (company_id);

-- The words of the numbers' names.
CREATE TABLE number_words (
  account_id text COLLATE "C" NOT NULL,
  word text COLLATE "C" NOT NULL,
  number_id text COLLATE "C" NOT NULL,
  CONSTRAINT one_row_per_word PRIMARY KEY (account_id, word, number_id)
);

-- Upper case first: it writes ß as SS, and every sigma as one.
CREATE FUNCTION words_of(name text) RETURNS text[]
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN ARRAY(
    SELECT DISTINCT left(word, 64) COLLATE "C"
    FROM regexp_split_to_table(
      lower(upper(normalize(name, NFKC) COLLATE "und-x-icu") COLLATE "und-x-icu"),
      '[[:space:][:punct:][:cntrl:]$+<=>^`|~]+'
    ) AS word
    WHERE word <> ''
  );

GRANT EXECUTE ON FUNCTION words_of TO numbers_tenant, numbers_support, numbers_worker;

-- Counts are locked in one order by all, the account's first, so that nobody waits in a circle.
CREATE FUNCTION follow_new_numbers() RETURNS trigger LANGUAGE plpgsql
  SET search_path = public, pg_temp
AS $$
BEGIN
  INSERT INTO number_counts AS counted (account_id, company_id, tab, numbers)
  SELECT account_id, coalesce(company_id, ''), tab, count(*)
  FROM added
  GROUP BY GROUPING SETS ((account_id, tab), (account_id, company_id, tab))
  ORDER BY 1, 2, 3
  ON CONFLICT ON CONSTRAINT one_count_per_tab DO UPDATE
  SET numbers = counted.numbers + excluded.numbers;

  INSERT INTO number_words (account_id, word, number_id)
  SELECT account_id, unnest(words_of(name)), id
  FROM added
  ON CONFLICT ON CONSTRAINT one_row_per_word DO NOTHING;
  RETURN NULL;
END $$;

CREATE FUNCTION follow_changed_numbers() RETURNS trigger LANGUAGE plpgsql
  SET search_path = public, pg_temp
AS $$
BEGIN
  INSERT INTO number_counts AS counted (account_id, company_id, tab, numbers)
  SELECT account_id, coalesce(company_id, ''), tab, sum(change)
  FROM (
    SELECT account_id, company_id, tab, -1 AS change FROM before
    UNION ALL
    SELECT account_id, company_id, tab, 1 FROM after
  ) AS moved
  GROUP BY GROUPING SETS ((account_id, tab), (account_id, company_id, tab))
  HAVING sum(change) <> 0
  ORDER BY 1, 2, 3
  ON CONFLICT ON CONSTRAINT one_count_per_tab DO UPDATE
  SET numbers = counted.numbers + excluded.numbers;

  DELETE FROM number_words AS stale
  USING before
  JOIN after USING (id)
  WHERE (before.name, before.account_id) IS DISTINCT FROM (after.name, after.account_id)
    AND stale.account_id = before.account_id
    AND stale.word = ANY(words_of(before.name))
    AND stale.number_id = id;

  INSERT INTO number_words (account_id, word, number_id)
  SELECT after.account_id, unnest(words_of(after.name)), id
  FROM before
  JOIN after USING (id)
  WHERE (before.name, before.account_id) IS DISTINCT FROM (after.name, after.account_id)
  ON CONFLICT ON CONSTRAINT one_row_per_word DO NOTHING;
  RETURN NULL;
END $$;

CREATE FUNCTION follow_deleted_numbers() RETURNS trigger LANGUAGE plpgsql
  SET search_path = public, pg_temp
AS $$
BEGIN
  INSERT INTO number_counts AS counted (account_id, company_id, tab, numbers)
  SELECT account_id, coalesce(company_id, ''), tab, -count(*)
  FROM gone
  GROUP BY GROUPING SETS ((account_id, tab), (account_id, company_id, tab))
  ORDER BY 1, 2, 3
  ON CONFLICT ON CONSTRAINT one_count_per_tab DO UPDATE
  SET numbers = counted.numbers + excluded.numbers;

  DELETE FROM number_words AS stale
  USING gone
  WHERE stale.account_id = gone.account_id
    AND stale.word = ANY(words_of(gone.name))
    AND stale.number_id = gone.id;
  RETURN NULL;
END $$;

-- What is there already: the owner, too, sees only what a policy shows.
CREATE POLICY owner_sees_every_number ON tracking_numbers FOR SELECT TO numbers_owner
  USING (true);
INSERT INTO number_counts (account_id, company_id, tab, numbers)
SELECT account_id, coalesce(company_id, ''), tab, count(*)
FROM tracking_numbers
GROUP BY GROUPING SETS ((account_id, tab), (account_id, company_id, tab));

INSERT INTO number_words (account_id, word, number_id)
SELECT account_id, unnest(words_of(name)), id
FROM tracking_numbers;

CREATE TRIGGER new_numbers_are_counted AFTER INSERT ON tracking_numbers
  REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION follow_new_numbers();
CREATE TRIGGER changed_numbers_are_counted AFTER UPDATE ON tracking_numbers
  REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION follow_changed_numbers();
CREATE TRIGGER deleted_numbers_are_counted AFTER DELETE ON tracking_numbers
  REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION follow_deleted_numbers();

ALTER TABLE number_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE number_counts FORCE ROW LEVEL SECURITY;
ALTER TABLE number_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE number_words FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant_sees_its_counts ON number_counts TO numbers_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY support_sees_every_count ON number_counts TO numbers_support USING (true);
CREATE POLICY tenant_sees_its_words ON number_words TO numbers_tenant
  USING (account_id = current_setting('app.account', true));
CREATE POLICY support_sees_every_word ON number_words TO numbers_support USING (true);

-- Triggers act for whoever changes a number.
GRANT SELECT, INSERT, UPDATE ON number_counts TO numbers_tenant, numbers_support;
GRANT SELECT, INSERT, DELETE ON number_words TO numbers_tenant, numbers_support;
GRANT UPDATE (company_id, forwarding_number, name, source, announced)
  ON tracking_numbers TO numbers_tenant, numbers_support;

-- What a caller may be told about numbers of other accounts: only that they are in inventory.
CREATE FUNCTION find_live_numbers(candidates text[]) RETURNS TABLE (phone_number text)
  LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT live.phone_number
    FROM public.tracking_numbers AS live
    WHERE live.phone_number = ANY(candidates)
      AND live.state NOT IN ('DISABLED', 'RELEASED');
  END;
REVOKE ALL ON FUNCTION find_live_numbers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_live_numbers
  TO numbers_tenant, numbers_support, numbers_worker;

-- migrate:down
DROP FUNCTION find_live_numbers;
DROP POLICY owner_sees_every_number ON tracking_numbers;
REVOKE UPDATE (company_id, forwarding_number, name, source, announced)
  ON tracking_numbers FROM numbers_tenant, numbers_support;
DROP TRIGGER new_numbers_are_counted ON tracking_numbers;
DROP TRIGGER changed_numbers_are_counted ON tracking_numbers;
DROP TRIGGER deleted_numbers_are_counted ON tracking_numbers;
DROP FUNCTION follow_new_numbers, follow_changed_numbers, follow_deleted_numbers;
DROP FUNCTION words_of;
DROP TABLE number_words, number_counts;
DROP INDEX tracking_numbers_by_forwarding_number;
CREATE INDEX tracking_numbers_by_forwarding_number ON tracking_numbers (forwarding_number)
  WHERE state = 'PRECONFIGURED';
DROP INDEX tracking_numbers_of_account_by_number, tracking_numbers_of_account_by_name,
  tracking_numbers_of_company_by_number, tracking_numbers_of_company_by_name,
  tracking_numbers_by_ending, tracking_numbers_by_source;
ALTER TABLE tracking_numbers
  DROP COLUMN announced,
  DROP COLUMN name_key,
  DROP COLUMN is_toll_free,
  DROP COLUMN reversed_number;
