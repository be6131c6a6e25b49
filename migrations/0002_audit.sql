-- Who did what when. Rows are only ever added.
create table audit (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor_id bigint references people on delete set null,
    team_id bigint references teams on delete cascade,
    -- a verb and a noun, like 'published schedule'
    action text not null,
    -- a sentence for people
    summary text not null
);
create index audit_team on audit (team_id, id desc);
