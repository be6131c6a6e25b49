-- When people can be on call. An entry beats the weekly pattern, the pattern beats "available".
create table availability_entries (
    id bigint generated always as identity primary key,
    person_id bigint not null references people on delete cascade,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    level text not null check (level in ('preferred', 'available', 'if_needed', 'unavailable', 'leave')),
    note text not null default '' check (length(note) <= 2000),
    entered_by bigint references people on delete set null,
    entered_at timestamptz not null,
    check (starts_at < ends_at),
    exclude using gist (person_id with =, tstzrange(starts_at, ends_at) with &&)
);
create index availability_entries_person on availability_entries (person_id, starts_at);

-- What a person's week is like, from a date on until the next pattern of theirs.
create table weekly_patterns (
    id bigint generated always as identity primary key,
    person_id bigint not null references people on delete cascade,
    effective_from date not null,
    unique (person_id, effective_from)
);
create table weekly_pattern_spans (
    pattern_id bigint not null references weekly_patterns on delete cascade,
    -- 0 is Monday
    weekday smallint not null check (weekday between 0 and 6),
    -- minutes of the local day
    from_minute smallint not null check (from_minute between 0 and 1439),
    to_minute smallint not null check (to_minute between 1 and 1440),
    level text not null check (level in ('preferred', 'available', 'if_needed', 'unavailable', 'leave')),
    check (from_minute < to_minute),
    exclude using gist (pattern_id with =, weekday with =, int4range(from_minute, to_minute) with &&)
);

-- "Next month is open until the 20th."
create table availability_rounds (
    team_id bigint not null references teams on delete cascade,
    month date not null check (extract(day from month) = 1),
    closes_on date not null,
    opened_by bigint references people on delete set null,
    opened_at timestamptz not null,
    primary key (team_id, month)
);

-- A person has said all there is to say for a month.
create table availability_answers (
    person_id bigint not null references people on delete cascade,
    month date not null check (extract(day from month) = 1),
    answered_at timestamptz not null,
    primary key (person_id, month)
);

-- Share of a person's working time already booked, in percent.
create table utilisations (
    person_id bigint not null references people on delete cascade,
    month date not null check (extract(day from month) = 1),
    percent smallint not null check (percent between 0 and 300),
    source text not null check (source in ('engineer', 'manager')),
    entered_by bigint references people on delete set null,
    entered_at timestamptz not null,
    primary key (person_id, month)
);
