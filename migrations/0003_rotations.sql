-- Who is needed when. A rotation's definition changes from a date on: each change is a new version,
-- and what an earlier version led to is never rewritten.
create table rotations (
    id bigint generated always as identity primary key,
    team_id bigint not null references teams on delete cascade,
    name text not null check (length(name) between 1 and 120),
    position smallint not null default 0,
    revision integer not null default 1,
    unique (team_id, name)
);

-- Roles and legs keep their identity over the versions.
create table roles (
    id bigint generated always as identity primary key,
    rotation_id bigint not null references rotations on delete cascade,
    name text not null check (length(name) between 1 and 120),
    unique (rotation_id, name)
);

create table legs (
    id bigint generated always as identity primary key,
    rotation_id bigint not null references rotations on delete cascade,
    name text not null check (length(name) between 1 and 120),
    unique (rotation_id, name)
);

create table rotation_versions (
    id bigint generated always as identity primary key,
    rotation_id bigint not null references rotations on delete cascade,
    effective_from date not null,
    created_by bigint references people on delete set null,
    created_at timestamptz not null,
    -- burden, in hundredths of a point per hour
    weekday_rate integer not null check (weekday_rate between 0 and 10000),
    night_rate integer not null check (night_rate between 0 and 10000),
    weekend_rate integer not null check (weekend_rate between 0 and 10000),
    holiday_rate integer not null check (holiday_rate between 0 and 10000),
    night_from time not null,
    night_to time not null,
    -- hard rules
    min_rest_minutes integer not null check (min_rest_minutes between 0 and 20160),
    max_shifts smallint check (max_shifts between 1 and 1000),
    window_days smallint not null default 28 check (window_days between 1 and 366),
    max_weekends smallint check (max_weekends between 1 and 52),
    newcomer_until smallint not null check (newcomer_until between 0 and 1000),
    experienced_from smallint not null check (experienced_from between 0 and 1000),
    experienced_per_shift smallint not null check (experienced_per_shift between 0 and 10),
    newcomers text not null check (newcomers in ('never_alone', 'only_shadow', 'free')),
    look_back_months smallint not null default 6 check (look_back_months between 1 and 24),
    unique (rotation_id, effective_from),
    check (newcomer_until <= experienced_from)
);

create table version_roles (
    version_id bigint not null references rotation_versions on delete cascade,
    role_id bigint not null references roles on delete cascade,
    escalation_order smallint not null check (escalation_order between 1 and 9),
    burden_percent smallint not null check (burden_percent between 0 and 1000),
    is_shadow boolean not null default false,
    primary key (version_id, role_id),
    unique (version_id, escalation_order)
);

create table version_legs (
    version_id bigint not null references rotation_versions on delete cascade,
    leg_id bigint not null references legs on delete cascade,
    time_zone text not null,
    handover time not null,
    -- bit 0 is Monday
    weekdays smallint not null check (weekdays between 1 and 127),
    cadence text not null check (cadence in ('hours', 'weekly', 'weekdays_and_weekend')),
    coverage_minutes integer check (coverage_minutes between 1 and 1440),
    shift_minutes integer check (shift_minutes between 1 and 1440),
    -- 0 is Monday
    weekend_from smallint check (weekend_from between 0 and 6),
    -- ISO 3166 code of the country whose public holidays count, if any
    holiday_country text,
    primary key (version_id, leg_id),
    check ((cadence = 'hours') = (coverage_minutes is not null and shift_minutes is not null)),
    check ((cadence = 'weekdays_and_weekend') = (weekend_from is not null)),
    check (coverage_minutes % shift_minutes = 0)
);

-- Public holidays entered or imported for a leg, besides its country's.
create table leg_holidays (
    leg_id bigint not null references legs on delete cascade,
    day date not null,
    name text not null check (length(name) between 1 and 120),
    primary key (leg_id, day)
);

create table leg_members (
    leg_id bigint not null references legs on delete cascade,
    person_id bigint not null references people on delete cascade,
    primary key (leg_id, person_id)
);
create index leg_members_person on leg_members (person_id);

-- Two people who may not serve together.
create table forbidden_pairs (
    rotation_id bigint not null references rotations on delete cascade,
    person_a bigint not null references people on delete cascade,
    person_b bigint not null references people on delete cascade,
    primary key (rotation_id, person_a, person_b),
    check (person_a < person_b)
);

-- Shifts served before Fairshift, imported. They count for balance and experience.
create table past_shifts (
    id bigint generated always as identity primary key,
    rotation_id bigint not null references rotations on delete cascade,
    role_id bigint not null references roles on delete cascade,
    person_id bigint not null references people on delete cascade,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- minutes by kind and the slot's burden in hundredths of a point, by the rules at import
    weekday_minutes integer not null check (weekday_minutes >= 0),
    night_minutes integer not null check (night_minutes >= 0),
    weekend_minutes integer not null check (weekend_minutes >= 0),
    holiday_minutes integer not null check (holiday_minutes >= 0),
    points bigint not null check (points >= 0),
    imported_by bigint references people on delete set null,
    imported_at timestamptz not null,
    check (starts_at < ends_at),
    exclude using gist (person_id with =, rotation_id with =, tstzrange(starts_at, ends_at) with &&)
);
create index past_shifts_rotation on past_shifts (rotation_id, starts_at);
