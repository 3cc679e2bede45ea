-- migrate:up

-- A letter goes to its signer, comes back signed, is rendered and kept as a document.
ALTER TABLE letters
  ADD COLUMN accounts jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN tracking_number text COLLATE "C",
  ADD COLUMN signer text,
  ADD COLUMN recipient_name text NOT NULL DEFAULT '',
  ADD COLUMN recipient_email text NOT NULL DEFAULT '',
  ADD COLUMN sent_at timestamptz,
  ADD COLUMN viewed_at timestamptz,
  ADD COLUMN declined_at timestamptz,
  ADD COLUMN decline_reason text,
  ADD COLUMN expired_at timestamptz,
  ADD COLUMN content jsonb,
  ADD COLUMN consent_version text,
  ADD COLUMN address_mark text,
  ADD COLUMN drawn_signature text,
  ADD COLUMN rendered_at timestamptz,
  ADD COLUMN render_after timestamptz,
  ADD COLUMN render_attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN document_id text COLLATE "C" REFERENCES documents (id);

-- Beside the request's letter, one for each line that was added or changed after the review began.
DROP INDEX one_standing_letter_per_request;
CREATE UNIQUE INDEX one_standing_letter_per_request ON letters
  (port_request_id, coalesce(tracking_number, ''))
  WHERE state <> 'SUPERSEDED';
CREATE INDEX letters_to_render ON letters (render_after) WHERE render_after IS NOT NULL;

-- How a letter's signer gets to it. The token is nowhere: it is derived when it is sent.
CREATE TABLE signing_links (
  id text COLLATE "C" PRIMARY KEY,
  letter_id text COLLATE "C" NOT NULL REFERENCES letters (id),
  port_request_id text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  nonce bytea NOT NULL,
  token_hash bytea NOT NULL,
  document_hash text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  voided_at timestamptz,
  CONSTRAINT one_link_per_token UNIQUE (token_hash)
);
CREATE INDEX signing_links_by_letter ON signing_links (letter_id);

-- What was answered about the PIN of an account (the request's own, or a further one) or a line.
-- `sealed` is nonce and ciphertext, bound to the row's id; it goes when it is not needed any more.
CREATE TABLE pins (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  port_request_id text COLLATE "C" NOT NULL REFERENCES port_requests (id),
  holder text COLLATE "C" NOT NULL,
  line_id text COLLATE "C" REFERENCES lines (id) ON DELETE CASCADE,
  answer text NOT NULL,
  key_id text,
  sealed bytea,
  given_at timestamptz NOT NULL,
  forgotten_at timestamptz,
  CONSTRAINT one_pin_per_holder UNIQUE (port_request_id, holder),
  CONSTRAINT answer_is_known CHECK (answer IN ('GIVEN', 'NOT_NEEDED')),
  CONSTRAINT sealed_names_its_key CHECK ((sealed IS NULL) = (key_id IS NULL))
);
CREATE INDEX pins_by_line ON pins (line_id) WHERE line_id IS NOT NULL;
CREATE INDEX pins_by_key ON pins (key_id) WHERE key_id IS NOT NULL;
CREATE INDEX pins_to_forget ON pins (port_request_id) WHERE key_id IS NOT NULL;

-- Each time that the desk was shown one.
CREATE TABLE pin_uses (
  id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  port_request_id text COLLATE "C" NOT NULL REFERENCES port_requests (id),
  holder text COLLATE "C" NOT NULL,
  used_by text NOT NULL,
  reason text NOT NULL,
  used_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX pin_uses_by_request ON pin_uses (port_request_id, id);

-- The answers that letters had so far: that there is no PIN.
ALTER TABLE letters NO FORCE ROW LEVEL SECURITY;
INSERT INTO pins (id, account_id, port_request_id, holder, answer, given_at)
SELECT 'pin_' || substr(id, 5), account_id, port_request_id, port_request_id, 'NOT_NEEDED', now()
FROM letters
WHERE state <> 'SUPERSEDED';
UPDATE letters SET subscriber = subscriber - 'pin_answer';
ALTER TABLE letters FORCE ROW LEVEL SECURITY;

DO $$
DECLARE
  owned text;
BEGIN
  FOREACH owned IN ARRAY ARRAY['signing_links', 'pins', 'pin_uses'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format(
      'CREATE POLICY of_the_account ON %I TO porting_tenant '
      'USING (account_id = current_setting(''app.account'', true))', owned
    );
    EXECUTE format(
      'CREATE POLICY of_the_requester ON %I AS RESTRICTIVE TO porting_tenant USING ('
      'coalesce(current_setting(''app.requester'', true), '''') = '''' '
      'OR EXISTS (SELECT FROM port_requests AS r WHERE r.id = %I.port_request_id))',
      owned, owned
    );
    EXECUTE format('CREATE POLICY everything ON %I TO porting_support USING (true)', owned);
  END LOOP;
END $$;

-- A customer writes an answer and reads whether there is one; what is sealed only the desk reads.
GRANT SELECT (id, account_id, port_request_id, holder, line_id, answer, key_id, forgotten_at),
  INSERT, UPDATE, DELETE ON pins TO porting_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON pins TO porting_support;
GRANT SELECT, INSERT, UPDATE ON signing_links TO porting_tenant, porting_support;
GRANT SELECT, INSERT ON pin_uses TO porting_support;
REVOKE UPDATE, DELETE ON pin_uses FROM porting_worker;

-- migrate:down
DROP TABLE pin_uses, pins, signing_links;
DROP INDEX letters_to_render, one_standing_letter_per_request;
ALTER TABLE letters
  DROP COLUMN accounts, DROP COLUMN tracking_number, DROP COLUMN signer,
  DROP COLUMN recipient_name, DROP COLUMN recipient_email, DROP COLUMN sent_at,
  DROP COLUMN viewed_at, DROP COLUMN declined_at, DROP COLUMN decline_reason,
  DROP COLUMN expired_at, DROP COLUMN content, DROP COLUMN consent_version,
  DROP COLUMN address_mark, DROP COLUMN drawn_signature, DROP COLUMN rendered_at,
  DROP COLUMN render_after, DROP COLUMN render_attempts, DROP COLUMN document_id;
CREATE UNIQUE INDEX one_standing_letter_per_request ON letters (port_request_id)
  WHERE state <> 'SUPERSEDED';
