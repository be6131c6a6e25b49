-- Secret addresses of feeds. The token is random and kept only as SHA-256; a new one ends the old.
create table feeds (
    id bigint generated always as identity primary key,
    token_hash bytea not null unique check (length(token_hash) = 32),
    person_id bigint not null references people on delete cascade,
    -- null: the person's own shifts; otherwise all of a team's
    team_id bigint references teams on delete cascade,
    -- whether being on call paints the day busy
    busy boolean not null default false,
    created_at timestamptz not null,
    unique nulls not distinct (person_id, team_id)
);
create index feeds_team on feeds (team_id);
