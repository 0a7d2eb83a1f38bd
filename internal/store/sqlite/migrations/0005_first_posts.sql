-- +goose Up
-- +goose StatementBegin
-- A person's threads are listed by their first posts on both engines: on PostgreSQL a reply writes every
-- index of threads anew.
CREATE INDEX posts_first ON posts (author_id, thread_id) WHERE number = 1;
DROP INDEX threads_author;
-- +goose StatementEnd
