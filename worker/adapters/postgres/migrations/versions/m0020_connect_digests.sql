-- Of a connect link the SHA-256 of its token is kept: whoever reads the database, or a backup, opens no district's page.
ALTER TABLE connect_links ADD COLUMN digest bytea CHECK (length(digest) = 32);
UPDATE connect_links SET digest = sha256(convert_to(token, 'UTF8'));
ALTER TABLE connect_links DROP CONSTRAINT connect_links_pkey;
ALTER TABLE connect_links ALTER COLUMN digest SET NOT NULL, ALTER COLUMN token DROP NOT NULL, ADD PRIMARY KEY (digest);
UPDATE connect_links SET token = NULL;
UPDATE mails SET text = regexp_replace(text, '(/connect/)[A-Za-z0-9_-]{32,}', '\1…', 'g'),
                 html = regexp_replace(html, '(/connect/)[A-Za-z0-9_-]{32,}', '\1…', 'g')
WHERE sent_at IS NOT NULL AND text LIKE '%/connect/%';
