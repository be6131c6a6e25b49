-- Where a team's notices are posted: chat rooms and programs.
create table webhooks (
    id bigint generated always as identity primary key,
    team_id bigint not null references teams on delete cascade,
    -- what managers call it
    name text not null check (length(name) between 1 and 120),
    -- what is posted: our own JSON with a signature, or what Slack and its like take
    shape text not null check (shape in ('json', 'slack')),
    -- the address's host, which may be shown; the rest of it is often a secret
    place text not null check (length(place) between 1 and 300),
    -- encrypted, bound to this row
    address bytea not null,
    -- what JSON is signed with, encrypted likewise
    secret bytea,
    made_at timestamptz not null,
    -- the last that arrived
    delivered_at timestamptz,
    -- nothing has arrived since, and why
    failing_since timestamptz,
    problem text not null default '' check (length(problem) <= 500),
    -- the other side wants to be left alone until then
    quiet_until timestamptz,
    -- the other side said that it is gone: nothing is posted until a test arrives
    disabled_at timestamptz,
    check ((shape = 'json') = (secret is not null)),
    check ((failing_since is null) = (problem = '')),
    check (disabled_at is null or failing_since is not null)
);
create index webhooks_team on webhooks (team_id, id);
