-- +goose Up
-- +goose StatementBegin
-- Files of posts. What a file holds comes last: its other columns are read without it.
CREATE TABLE attachments (
    thread_id bigint           NOT NULL,
    number    bigint           NOT NULL,
    position  bigint           NOT NULL CHECK (position > 0),
    name      text COLLATE "C" NOT NULL,
    type      text COLLATE "C" NOT NULL,
    bytes     bigint           NOT NULL CHECK (bytes >= 0),
    content   bytea            NOT NULL,
    PRIMARY KEY (thread_id, number, position),
    FOREIGN KEY (thread_id, number) REFERENCES posts (thread_id, number)
);
ALTER TABLE posts ADD COLUMN attachments bigint NOT NULL DEFAULT 0 CHECK (attachments >= 0);
-- +goose StatementEnd
