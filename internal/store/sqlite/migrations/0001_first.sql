-- +goose Up
-- +goose StatementBegin
-- Times are int64 microseconds UTC, states text, booleans 0/1; a null time is an absent mark.
-- Every stored number has CHECK (n >= 0): a violation is an error we see, never clamped.

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    name              TEXT    NOT NULL,
    folded            TEXT    NOT NULL UNIQUE,
    role              TEXT    NOT NULL CHECK (role IN ('member', 'moderator', 'admin')),
    state             TEXT    NOT NULL CHECK (state IN ('active', 'suspended')),
    password_hash     TEXT    NOT NULL DEFAULT '',
    about             TEXT    NOT NULL DEFAULT '',
    about_html        TEXT    NOT NULL DEFAULT '',
    created_at        INTEGER NOT NULL,
    suspended_at      INTEGER,
    suspended_by      INTEGER,
    suspension_reason TEXT    NOT NULL DEFAULT '',
    imported_from     TEXT    NOT NULL DEFAULT '',
    rev               INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX users_admin ON users (id) WHERE role = 'admin';

CREATE TABLE sessions (
    hash       BLOB    PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_age ON sessions (expires_at);

CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    hash       BLOB    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    scope      TEXT    NOT NULL CHECK (scope IN ('read', 'write', 'moderate')),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_user ON tokens (user_id, id);

CREATE TABLE categories (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_id   INTEGER REFERENCES categories (id),
    name        TEXT    NOT NULL,
    slug        TEXT    NOT NULL UNIQUE,
    description TEXT    NOT NULL DEFAULT '',
    position    INTEGER NOT NULL,
    hidden_at   INTEGER,
    hidden_by   INTEGER,
    created_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1,
    rev         INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX categories_parent ON categories (parent_id, position);

-- Slugs that a category had. One that another category has by now leads nowhere else.
CREATE TABLE former_slugs (
    slug        TEXT PRIMARY KEY,
    category_id INTEGER NOT NULL REFERENCES categories (id)
) STRICT, WITHOUT ROWID;

-- What administrators set; a role without a row has the defaults of forum.DefaultAccess.
CREATE TABLE category_permissions (
    category_id INTEGER NOT NULL REFERENCES categories (id),
    role        TEXT    NOT NULL CHECK (role IN ('visitor', 'member', 'moderator')),
    see         INTEGER NOT NULL,
    reply       INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    moderate    INTEGER NOT NULL,
    PRIMARY KEY (category_id, role)
) STRICT, WITHOUT ROWID;

-- What follows from it down the tree (forum.EffectiveAccess): the table every query's predicate reads.
CREATE TABLE category_access (
    category_id INTEGER NOT NULL REFERENCES categories (id),
    role        TEXT    NOT NULL CHECK (role IN ('visitor', 'member', 'moderator', 'admin')),
    see         INTEGER NOT NULL,
    reply       INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    moderate    INTEGER NOT NULL,
    PRIMARY KEY (category_id, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE threads (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    category_id       INTEGER NOT NULL REFERENCES categories (id),
    author_id         INTEGER REFERENCES users (id),
    author_name       TEXT    NOT NULL DEFAULT '',
    title             TEXT    NOT NULL,
    slug              TEXT    NOT NULL,
    state             TEXT    NOT NULL DEFAULT 'visible' CHECK (state IN ('visible', 'unlisted', 'hidden', 'deleted')),
    flag_hidden_at    INTEGER,
    mod_hidden_at     INTEGER,
    mod_hidden_by     INTEGER,
    author_deleted_at INTEGER,
    mod_deleted_at    INTEGER,
    mod_deleted_by    INTEGER,
    unlisted_at       INTEGER,
    unlisted_by       INTEGER,
    purging_at        INTEGER,
    pinned_at         INTEGER,
    locked_at         INTEGER,
    posts_visible     INTEGER NOT NULL DEFAULT 0 CHECK (posts_visible >= 0),
    posts_hidden      INTEGER NOT NULL DEFAULT 0 CHECK (posts_hidden >= 0),
    posts_deleted     INTEGER NOT NULL DEFAULT 0 CHECK (posts_deleted >= 0),
    reactions         INTEGER NOT NULL DEFAULT 0 CHECK (reactions >= 0),
    next_number       INTEGER NOT NULL DEFAULT 1,
    first_post_number INTEGER,
    last_post_number  INTEGER,
    last_author_id    INTEGER REFERENCES users (id),
    last_author_name  TEXT    NOT NULL DEFAULT '',
    last_activity_at  INTEGER NOT NULL,
    last_stamped_at   INTEGER NOT NULL,
    solution_number   INTEGER,
    created_at        INTEGER NOT NULL,
    version           INTEGER NOT NULL DEFAULT 1,
    changed_version   INTEGER NOT NULL DEFAULT 0,
    rev               INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX threads_activity ON threads (state, last_activity_at, id);
CREATE INDEX threads_category ON threads (category_id, state, last_activity_at, id);
CREATE INDEX threads_author ON threads (author_id, id);
CREATE INDEX threads_pinned ON threads (category_id, pinned_at) WHERE pinned_at IS NOT NULL;

CREATE TABLE thread_views (
    thread_id INTEGER PRIMARY KEY REFERENCES threads (id),
    n         INTEGER NOT NULL CHECK (n >= 0)
) STRICT;

-- In the order they came: new posts of all threads then lie at the end of the table and of the index
-- of words, and a commit of replies to many threads touches few pages (docs/performance.md). doc is
-- that place, known to the search alone; a post's key is its thread and number.
CREATE TABLE posts (
    doc               INTEGER PRIMARY KEY,
    thread_id         INTEGER NOT NULL REFERENCES threads (id),
    number            INTEGER NOT NULL CHECK (number > 0),
    author_id         INTEGER REFERENCES users (id),
    author_name       TEXT    NOT NULL DEFAULT '',
    reply_thread_id   INTEGER,
    reply_number      INTEGER,
    state             TEXT    NOT NULL DEFAULT 'visible' CHECK (state IN ('visible', 'hidden', 'deleted')),
    flag_hidden_at    INTEGER,
    mod_hidden_at     INTEGER,
    mod_hidden_by     INTEGER,
    author_deleted_at INTEGER,
    mod_deleted_at    INTEGER,
    mod_deleted_by    INTEGER,
    replies           INTEGER NOT NULL DEFAULT 0 CHECK (replies >= 0),
    revisions         INTEGER NOT NULL DEFAULT 0 CHECK (revisions >= 0),
    reactions         INTEGER NOT NULL DEFAULT 0 CHECK (reactions >= 0),
    created_at        INTEGER NOT NULL,
    late              INTEGER NOT NULL DEFAULT 0, -- an earlier post of the thread has a later time
    edited_at         INTEGER,
    edited_by         INTEGER REFERENCES users (id),
    version           INTEGER NOT NULL,
    text_version      INTEGER NOT NULL,
    html_version      INTEGER NOT NULL,
    body              TEXT    NOT NULL,
    html              TEXT    NOT NULL,
    UNIQUE (thread_id, number)
) STRICT;
CREATE INDEX posts_late ON posts (thread_id, created_at) WHERE late;
CREATE INDEX posts_author ON posts (author_id, created_at) WHERE author_id IS NOT NULL;
CREATE INDEX posts_reply ON posts (reply_thread_id, reply_number) WHERE reply_number IS NOT NULL;

CREATE TABLE revisions (
    thread_id  INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    editor_id  INTEGER REFERENCES users (id),
    editor_name TEXT   NOT NULL DEFAULT '',
    body       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (thread_id, number, revision),
    FOREIGN KEY (thread_id, number) REFERENCES posts (thread_id, number)
) STRICT, WITHOUT ROWID;

-- Where a post went; a null target is nowhere.
CREATE TABLE post_moves (
    from_thread INTEGER NOT NULL,
    from_number INTEGER NOT NULL,
    to_thread   INTEGER,
    to_number   INTEGER,
    version     INTEGER NOT NULL,
    PRIMARY KEY (from_thread, from_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE participants (
    thread_id          INTEGER NOT NULL REFERENCES threads (id),
    user_id            INTEGER NOT NULL REFERENCES users (id),
    posts_visible      INTEGER NOT NULL DEFAULT 0 CHECK (posts_visible >= 0),
    posts_hidden       INTEGER NOT NULL DEFAULT 0 CHECK (posts_hidden >= 0),
    posts_deleted      INTEGER NOT NULL DEFAULT 0 CHECK (posts_deleted >= 0),
    reactions_received INTEGER NOT NULL DEFAULT 0 CHECK (reactions_received >= 0),
    solutions          INTEGER NOT NULL DEFAULT 0 CHECK (solutions >= 0),
    PRIMARY KEY (thread_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactions (
    thread_id  INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    kind       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (thread_id, number, user_id),
    FOREIGN KEY (thread_id, number) REFERENCES posts (thread_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX reactions_user ON reactions (user_id);

CREATE TABLE imported_reactions (
    thread_id INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    n         INTEGER NOT NULL CHECK (n > 0),
    PRIMARY KEY (thread_id, number, kind),
    FOREIGN KEY (thread_id, number) REFERENCES posts (thread_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE post_reactions (
    thread_id INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    n         INTEGER NOT NULL DEFAULT 0 CHECK (n >= 0),
    PRIMARY KEY (thread_id, number, kind),
    FOREIGN KEY (thread_id, number) REFERENCES posts (thread_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE -- forum.Text.Tag
) STRICT;

CREATE TABLE thread_tags (
    thread_id INTEGER NOT NULL REFERENCES threads (id),
    tag_id    INTEGER NOT NULL REFERENCES tags (id),
    PRIMARY KEY (thread_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_tags_tag ON thread_tags (tag_id, thread_id);

CREATE TABLE category_counts (
    category_id      INTEGER PRIMARY KEY REFERENCES categories (id),
    threads_visible  INTEGER NOT NULL DEFAULT 0 CHECK (threads_visible >= 0),
    threads_unlisted INTEGER NOT NULL DEFAULT 0 CHECK (threads_unlisted >= 0),
    threads_hidden   INTEGER NOT NULL DEFAULT 0 CHECK (threads_hidden >= 0),
    threads_deleted  INTEGER NOT NULL DEFAULT 0 CHECK (threads_deleted >= 0),
    posts_visible    INTEGER NOT NULL DEFAULT 0 CHECK (posts_visible >= 0),
    posts_unlisted   INTEGER NOT NULL DEFAULT 0 CHECK (posts_unlisted >= 0),
    posts_hidden     INTEGER NOT NULL DEFAULT 0 CHECK (posts_hidden >= 0),
    posts_deleted    INTEGER NOT NULL DEFAULT 0 CHECK (posts_deleted >= 0)
) STRICT;

CREATE TABLE user_category_counts (
    user_id            INTEGER NOT NULL REFERENCES users (id),
    category_id        INTEGER NOT NULL REFERENCES categories (id),
    threads_visible    INTEGER NOT NULL DEFAULT 0 CHECK (threads_visible >= 0),
    threads_unlisted   INTEGER NOT NULL DEFAULT 0 CHECK (threads_unlisted >= 0),
    threads_hidden     INTEGER NOT NULL DEFAULT 0 CHECK (threads_hidden >= 0),
    threads_deleted    INTEGER NOT NULL DEFAULT 0 CHECK (threads_deleted >= 0),
    posts_visible      INTEGER NOT NULL DEFAULT 0 CHECK (posts_visible >= 0),
    posts_unlisted     INTEGER NOT NULL DEFAULT 0 CHECK (posts_unlisted >= 0),
    posts_hidden       INTEGER NOT NULL DEFAULT 0 CHECK (posts_hidden >= 0),
    posts_deleted      INTEGER NOT NULL DEFAULT 0 CHECK (posts_deleted >= 0),
    reactions_received INTEGER NOT NULL DEFAULT 0 CHECK (reactions_received >= 0),
    solutions          INTEGER NOT NULL DEFAULT 0 CHECK (solutions >= 0),
    PRIMARY KEY (user_id, category_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag_category_counts (
    tag_id           INTEGER NOT NULL REFERENCES tags (id),
    category_id      INTEGER NOT NULL REFERENCES categories (id),
    threads_visible  INTEGER NOT NULL DEFAULT 0 CHECK (threads_visible >= 0),
    threads_unlisted INTEGER NOT NULL DEFAULT 0 CHECK (threads_unlisted >= 0),
    threads_hidden   INTEGER NOT NULL DEFAULT 0 CHECK (threads_hidden >= 0),
    threads_deleted  INTEGER NOT NULL DEFAULT 0 CHECK (threads_deleted >= 0),
    PRIMARY KEY (tag_id, category_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_counts (
    user_id         INTEGER PRIMARY KEY REFERENCES users (id),
    reactions_given INTEGER NOT NULL DEFAULT 0 CHECK (reactions_given >= 0)
) STRICT;

CREATE TABLE people_counts (
    state TEXT PRIMARY KEY,
    n     INTEGER NOT NULL DEFAULT 0 CHECK (n >= 0)
) STRICT, WITHOUT ROWID;

-- What awaits approval is no post. Nothing submits yet; the later queue lives here.
CREATE TABLE submissions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id     INTEGER NOT NULL REFERENCES users (id),
    kind        TEXT    NOT NULL CHECK (kind IN ('thread', 'post')),
    category_id INTEGER REFERENCES categories (id),
    thread_id   INTEGER REFERENCES threads (id),
    title       TEXT    NOT NULL DEFAULT '',
    body        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE idempotency (
    user_id          INTEGER NOT NULL,
    key              TEXT    NOT NULL,
    hash             BLOB    NOT NULL,
    made_id          INTEGER NOT NULL,
    thread_id        INTEGER NOT NULL,
    number           INTEGER NOT NULL,
    post_count       INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);

-- Posts whose text the index does not know yet, oldest first.
CREATE TABLE search_queue (
    id        INTEGER PRIMARY KEY,
    thread_id INTEGER NOT NULL,
    number    INTEGER NOT NULL
) STRICT;

-- What the index knows: the text version of each indexed post.
CREATE TABLE search_docs (
    doc          INTEGER PRIMARY KEY,
    text_version INTEGER NOT NULL
) STRICT;
CREATE VIRTUAL TABLE search_text USING fts5 (
    title, body,
    content = '', contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2'
);

-- What an import brought, by its key in the source: the reason why importing twice changes nothing.
CREATE TABLE imported (
    source    TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    made_id   INTEGER NOT NULL,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;

-- Old addresses. Exactly one of the targets is set.
CREATE TABLE redirects (
    path      TEXT PRIMARY KEY,
    thread_id INTEGER,
    number    INTEGER,
    user_id   INTEGER,
    tag_id    INTEGER
) STRICT, WITHOUT ROWID;
-- +goose StatementEnd
