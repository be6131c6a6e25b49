-- The last change of a person's entries, so that a slip of the brush can be taken back: what was
-- entered over the interval before it.
create table availability_undo (
    person_id bigint primary key references people on delete cascade,
    done_by bigint not null references people on delete cascade,
    done_at timestamptz not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    entries jsonb not null,
    check (starts_at < ends_at)
);
