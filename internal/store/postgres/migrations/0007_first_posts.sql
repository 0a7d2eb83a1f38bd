-- +goose Up
-- +goose StatementBegin
-- Whose a thread is its first post says too. All posts are read once for it, and by themselves: others go
-- on reading meanwhile.
CREATE INDEX IF NOT EXISTS posts_first ON posts (author_id, thread_id) WHERE number = 1;
-- +goose StatementEnd
