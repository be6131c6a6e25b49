-- When a person works, by their own clock. No rows: Monday to Friday, 09:00 to 17:00.
create table working_hours (
    person_id bigint not null references people on delete cascade,
    -- 0 is Monday
    weekday smallint not null check (weekday between 0 and 6),
    -- minutes of the local day; an end that is not after its start lies on the next day
    from_minute smallint not null check (from_minute between 0 and 1439),
    to_minute smallint not null check (to_minute between 1 and 1440),
    primary key (person_id, weekday)
);

-- People's own calendars that are read here.
create table sources (
    id bigint generated always as identity primary key,
    person_id bigint not null references people on delete cascade,
    name text not null check (length(name) between 1 and 120),
    kind text not null check (kind in ('address', 'account', 'file')),
    counts text not null check (counts in ('busy', 'out_of_office')),
    -- Where it is, as far as it may be shown: a host's name, or that of a file.
    place text not null check (length(place) <= 300),
    -- The address, or address, user and password: encrypted, bound to this row. Files have none.
    secret bytea,
    connected_at timestamptz not null,
    -- The last attempt, the last that gave data, and the next.
    read_at timestamptz,
    good_at timestamptz,
    next_at timestamptz,
    -- The last that was worked out anew: "not modified" says nothing about days that came near since.
    parsed_at timestamptz,
    -- Attempts in a row that gave nothing, and what was wrong with the last.
    failures integer not null default 0 check (failures >= 0),
    problem text not null default '' check (length(problem) <= 1000),
    entries integer not null default 0 check (entries >= 0),
    warnings text[] not null default '{}' check (cardinality(warnings) <= 20),
    -- For conditional requests.
    etag text not null default '' check (length(etag) <= 1000),
    last_modified text not null default '' check (length(last_modified) <= 200),
    check ((kind = 'file') = (secret is null)),
    check ((failures > 0) = (problem <> ''))
);
create index sources_person on sources (person_id);
create index sources_next on sources (next_at) where next_at is not null;

-- The calendars of an account, and which of them are read.
create table source_calendars (
    source_id bigint not null references sources on delete cascade,
    href text not null check (length(href) between 1 and 2000),
    name text not null check (length(name) between 1 and 300),
    is_chosen boolean not null default false,
    primary key (source_id, href)
);

-- What is kept of a calendar: when, and what kind. No titles, no people.
create table source_spans (
    source_id bigint not null references sources on delete cascade,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    kind text not null check (kind in ('busy', 'tentative', 'out_of_office')),
    all_day boolean not null,
    primary key (source_id, starts_at, ends_at, kind, all_day),
    check (starts_at < ends_at)
);

-- Somebody's time according to their calendars, as others may read it.
create view busy_times as
select s.person_id, t.starts_at, t.ends_at, t.kind, t.all_day
from sources s join source_spans t on t.source_id = s.id
where s.counts = 'busy' or t.kind = 'out_of_office';

-- How fresh it is.
create view calendar_freshness as
select person_id, count(*) as sources,
    count(*) filter (where failures > 0) as failing,
    count(good_at) as readable,
    min(good_at) as oldest_good_at
from sources group by person_id;

-- Working time of a person and how much of it is booked, in minutes, as their calendars say.
create table booked_times (
    person_id bigint not null references people on delete cascade,
    period text not null check (period in ('month', 'week')),
    starts_on date not null,
    working_minutes integer not null check (working_minutes >= 0),
    meeting_minutes integer not null check (meeting_minutes >= 0),
    out_of_office_minutes integer not null check (out_of_office_minutes >= 0),
    tentative_minutes integer not null check (tentative_minutes >= 0),
    counted_at timestamptz not null,
    primary key (person_id, period, starts_on),
    check (meeting_minutes + out_of_office_minutes + tentative_minutes <= working_minutes),
    check (case period when 'month' then extract(day from starts_on) = 1 else extract(isodow from starts_on) = 1 end)
);

-- Out of office for a day or more: leave, if the person says so.
create table leave_proposals (
    id bigint generated always as identity primary key,
    source_id bigint not null references sources on delete cascade,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    state text not null check (state in ('proposed', 'accepted', 'dismissed')),
    decided_at timestamptz,
    -- Accepted, and the calendar no longer says so since then.
    gone_at timestamptz,
    unique (source_id, starts_at, ends_at),
    check (starts_at < ends_at),
    check ((state = 'proposed') = (decided_at is null)),
    check (gone_at is null or state = 'accepted')
);

-- What waits for an answer, and what was accepted and is gone from the calendar.
create view leave_to_decide as
select p.id, s.person_id, p.starts_at, p.ends_at, p.gone_at
from leave_proposals p join sources s on s.id = p.source_id
where p.state = 'proposed' or p.gone_at is not null;

-- Teams whose engineers' out of office is leave without anybody saying so.
create table teams_that_accept_leave (
    team_id bigint primary key references teams on delete cascade,
    set_by bigint references people on delete set null,
    set_at timestamptz not null
);
