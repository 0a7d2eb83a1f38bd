-- +goose Up
-- +goose StatementBegin
-- Files of posts. What a file holds comes last: its other columns are read without it.
CREATE TABLE attachments (
    thread_id INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    position  INTEGER NOT NULL CHECK (position > 0),
    name      TEXT    NOT NULL,
    type      TEXT    NOT NULL,
    bytes     INTEGER NOT NULL CHECK (bytes >= 0),
    content   BLOB    NOT NULL,
    PRIMARY KEY (thread_id, number, position),
    FOREIGN KEY (thread_id, number) REFERENCES posts (thread_id, number)
) STRICT;
ALTER TABLE posts ADD COLUMN attachments INTEGER NOT NULL DEFAULT 0 CHECK (attachments >= 0);
-- +goose StatementEnd
