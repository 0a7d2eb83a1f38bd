-- +goose Up
-- +goose StatementBegin
-- What administrators changed: of the community, or of a category. No secret is ever written here.
CREATE TABLE setting_changes (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    setting      TEXT    NOT NULL,
    category_id  INTEGER REFERENCES categories (id),
    before_value TEXT    NOT NULL,
    after_value  TEXT    NOT NULL,
    changed_by   INTEGER REFERENCES users (id),
    changed_at   INTEGER NOT NULL
) STRICT;

-- Links to sign up with. How many have used one is counted from invited.
CREATE TABLE invitations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       BLOB    NOT NULL UNIQUE,
    made_by    INTEGER NOT NULL REFERENCES users (id),
    note       TEXT    NOT NULL DEFAULT '',
    uses       INTEGER NOT NULL CHECK (uses > 0),
    created_at INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE invited (
    user_id       INTEGER PRIMARY KEY REFERENCES users (id),
    invitation_id INTEGER NOT NULL REFERENCES invitations (id)
) STRICT;
CREATE INDEX invited_invitation ON invited (invitation_id);

CREATE INDEX users_staff ON users (folded) WHERE role <> 'member';
CREATE INDEX users_suspended ON users (folded) WHERE state = 'suspended';
-- +goose StatementEnd
