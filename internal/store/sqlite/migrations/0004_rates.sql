-- +goose Up
-- +goose StatementBegin
-- How often something may be done, where several servers share a database: by a keyed hash of what and
-- who, when all of it may be done again. One server counts in its memory.
CREATE TABLE rates (
    subject  BLOB    PRIMARY KEY,
    whole_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- +goose StatementEnd
