-- +goose Up
-- +goose StatementBegin
-- The tables first, in the order in which servers that still run lock their rows.
LOCK TABLE users, threads, posts IN ACCESS EXCLUSIVE MODE;

-- Whoever replies or starts a thread holds its row and the author's (store.tx.load, guesses.load), an import
-- has just made them, no thread and no person is ever deleted, and verify finds posts without them: every
-- reply paid twice more for that.
ALTER TABLE posts DROP CONSTRAINT IF EXISTS posts_thread_id_fkey, DROP CONSTRAINT IF EXISTS posts_author_id_fkey;

-- A reply changes its thread's row, and with it every index of threads: posts_first does for this one.
DROP INDEX IF EXISTS threads_author;
-- +goose StatementEnd
