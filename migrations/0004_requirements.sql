-- What a person must hold to be on duty.
create table requirements (
    id bigint generated always as identity primary key,
    team_id bigint not null references teams on delete cascade,
    title text not null check (length(title) between 1 and 120),
    why text not null default '',
    how text not null default '',
    link text not null default '',
    -- signed off by a manager; otherwise the engineer declares it
    needs_sign_off boolean not null,
    -- how long a holding lasts; null: for ever
    valid_days integer check (valid_days between 1 and 3650),
    retired_at timestamptz,
    revision integer not null default 1
);
create index requirements_team on requirements (team_id);

create table requirement_roles (
    requirement_id bigint not null references requirements on delete cascade,
    role_id bigint not null references roles on delete cascade,
    primary key (requirement_id, role_id)
);
create index requirement_roles_role on requirement_roles (role_id);

-- Each declaration, request and sign-off; the newest that was not refused tells where a person stands.
create table holdings (
    id bigint generated always as identity primary key,
    requirement_id bigint not null references requirements on delete cascade,
    person_id bigint not null references people on delete cascade,
    -- pending: waits for a manager's sign-off
    state text not null check (state in ('pending', 'held', 'refused', 'withdrawn')),
    asked_at timestamptz not null,
    -- when it was declared or signed off, by whom, with what note
    decided_at timestamptz,
    decided_by bigint references people on delete set null,
    note text not null default '',
    held_from timestamptz,
    -- null: for ever
    held_until timestamptz,
    check ((state = 'held') = (held_from is not null)),
    check (held_until is null or held_until > held_from)
);
create index holdings_person on holdings (person_id, requirement_id);
create unique index holdings_one_pending on holdings (requirement_id, person_id) where state = 'pending';
