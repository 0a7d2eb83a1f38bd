-- +goose Up
-- +goose StatementBegin
-- The tables first, in the order in which servers that still run lock their rows.
LOCK TABLE users, threads, posts IN ACCESS EXCLUSIVE MODE;

-- Whoever writes a post holds its thread's row and its author's (store.tx.load, guesses.load), no thread
-- and no person is ever deleted, and verify finds posts without them: every reply paid twice more for that.
ALTER TABLE posts DROP CONSTRAINT IF EXISTS posts_thread_id_fkey, DROP CONSTRAINT IF EXISTS posts_author_id_fkey;

-- A reply changes its thread's row, and with it every index of threads. Whose a thread is its first post says too.
CREATE INDEX IF NOT EXISTS posts_first ON posts (author_id, thread_id) WHERE number = 1;
DROP INDEX IF EXISTS threads_author;
-- +goose StatementEnd
