-- +goose Up
-- +goose StatementBegin
-- When a post was written, beside its words: the newest posts with a common word are found by walking
-- backwards from the newest, those with a rare one by the index of words. What a server of before this
-- indexes that still runs beside counts as old.
ALTER TABLE search_docs ADD COLUMN created_at bigint NOT NULL DEFAULT 0;
UPDATE search_docs d SET created_at = p.created_at FROM posts p WHERE p.thread_id = d.thread_id AND p.number = d.number;
CREATE INDEX search_docs_age ON search_docs (created_at, thread_id, number);

-- How many categories people see is a handful of rows, which nobody counts unless told to; until then the
-- planner takes it that hardly any thread is seen.
ALTER TABLE category_access SET (autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0);
ANALYZE category_access;
-- +goose StatementEnd
