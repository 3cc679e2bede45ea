-- migrate:up

-- Where a document's parts are in the file store: the file that is shown, a small picture of
-- it, its text. A document that we made ourselves has no upload.
ALTER TABLE documents
  ALTER COLUMN upload_id DROP NOT NULL,
  ADD COLUMN file_key text,
  ADD COLUMN thumbnail_key text,
  ADD COLUMN text_key text,
  ADD COLUMN page_count integer,
  ADD COLUMN review_state text NOT NULL DEFAULT 'PENDING',
  ADD COLUMN reviewed_at timestamptz,
  ADD COLUMN reviewed_by text,
  ADD COLUMN refusal_code text,
  ADD COLUMN refusal_text text,
  ADD COLUMN account_shown text,
  ADD COLUMN address_shown text,
  ADD COLUMN numbers_shown text,
  ADD CONSTRAINT every_document_has_a_file CHECK (coalesce(file_key, upload_id) IS NOT NULL);
CREATE INDEX documents_by_upload ON documents (upload_id);
CREATE INDEX documents_by_kind ON documents (port_request_id, kind, id DESC);
CREATE INDEX uploads_by_expiry ON uploads (expires_at);

-- Only the desk reviews.
GRANT UPDATE
  (review_state, reviewed_at, reviewed_by, refusal_code, refusal_text, account_shown,
   address_shown, numbers_shown)
  ON documents TO porting_support;

-- migrate:down
REVOKE UPDATE
  (review_state, reviewed_at, reviewed_by, refusal_code, refusal_text, account_shown,
   address_shown, numbers_shown)
  ON documents FROM porting_support;
DROP INDEX documents_by_upload, documents_by_kind, uploads_by_expiry;
DELETE FROM documents WHERE upload_id IS NULL;
ALTER TABLE documents
  ALTER COLUMN upload_id SET NOT NULL,
  DROP CONSTRAINT every_document_has_a_file,
  DROP COLUMN file_key,
  DROP COLUMN thumbnail_key,
  DROP COLUMN text_key,
  DROP COLUMN page_count,
  DROP COLUMN review_state,
  DROP COLUMN reviewed_at,
  DROP COLUMN reviewed_by,
  DROP COLUMN refusal_code,
  DROP COLUMN refusal_text,
  DROP COLUMN account_shown,
  DROP COLUMN address_shown,
  DROP COLUMN numbers_shown;
