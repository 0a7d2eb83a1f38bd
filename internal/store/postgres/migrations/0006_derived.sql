-- +goose Up
-- +goose StatementBegin
-- What is derived from posts needs no foreign keys of its own: the posts have them, whoever writes a post
-- writes these, and verify recounts them. Every reply paid for checking them again.
ALTER TABLE threads DROP CONSTRAINT threads_last_author_id_fkey;
ALTER TABLE participants DROP CONSTRAINT participants_thread_id_fkey, DROP CONSTRAINT participants_user_id_fkey;
-- +goose StatementEnd
