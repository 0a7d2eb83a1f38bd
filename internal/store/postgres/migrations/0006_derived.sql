-- +goose Up
-- +goose StatementBegin
-- What is derived from posts needs no foreign keys of its own: the posts have them, whoever writes a post
-- writes these, and verify recounts them. Every reply paid for checking them again.
-- The tables first, in the order in which servers that still run lock their rows.
LOCK TABLE users, threads, participants IN ACCESS EXCLUSIVE MODE;
ALTER TABLE threads DROP CONSTRAINT IF EXISTS threads_last_author_id_fkey;
ALTER TABLE participants DROP CONSTRAINT IF EXISTS participants_thread_id_fkey, DROP CONSTRAINT IF EXISTS participants_user_id_fkey;
-- +goose StatementEnd
