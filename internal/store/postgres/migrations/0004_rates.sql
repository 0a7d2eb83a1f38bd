-- +goose Up
-- +goose StatementBegin
-- How often something may be done, where several servers share a database: by a keyed hash of what and
-- who, when all of it may be done again. Not logged: a crash may forget it.
CREATE UNLOGGED TABLE rates (
    subject  bytea  PRIMARY KEY,
    whole_at bigint NOT NULL
);
-- +goose StatementEnd
