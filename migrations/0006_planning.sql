-- Concrete shifts and who serves them, in versions.

-- A shift is made when a schedule first needs it. Its revision counts every change of what a feed
-- shows of it: who serves, whom to escalate to and how to reach them.
create table shifts (
    id bigint generated always as identity primary key,
    rotation_id bigint not null references rotations on delete cascade,
    leg_id bigint not null references legs on delete cascade,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- name of the zone whose clocks the shift follows
    time_zone text not null,
    revision integer not null default 0,
    changed_at timestamptz not null,
    check (starts_at < ends_at),
    unique (leg_id, starts_at, ends_at)
);
create index shifts_rotation on shifts (rotation_id, starts_at);
create index shifts_end on shifts (ends_at);

create table schedules (
    id bigint generated always as identity primary key,
    rotation_id bigint not null references rotations on delete cascade,
    month date not null check (extract(day from month) = 1),
    state text not null check (state in ('draft', 'published', 'superseded')),
    -- counts published versions of the month from 1; null for a draft
    version integer check (version > 0),
    -- raised by every change of a draft, so that nobody overwrites what they haven't seen
    revision integer not null default 1,
    -- what the recommendation was computed from, per person, and its digest
    inputs jsonb not null default '{}',
    inputs_digest text not null default '',
    -- how good the answer was when computed
    cost bigint not null default 0,
    bound bigint not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    updated_by bigint references people on delete set null,
    published_at timestamptz,
    published_by bigint references people on delete set null,
    unique (id, state),
    unique (rotation_id, month, version),
    check ((state = 'draft') = (version is null)),
    check ((state = 'draft') = (published_at is null))
);
create unique index schedules_one_draft on schedules (rotation_id, month) where state = 'draft';
create unique index schedules_one_published on schedules (rotation_id, month) where state = 'published';

create table assignments (
    id bigint generated always as identity primary key,
    schedule_id bigint not null,
    schedule_state text not null,
    shift_id bigint not null references shifts,
    role_id bigint not null references roles,
    -- null: nobody, the slot stays open
    person_id bigint references people,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- the manager's choice: recommendations are computed around it
    is_pinned boolean not null default false,
    -- why a rule was broken on purpose, and which
    override_reason text not null default '' check (length(override_reason) <= 2000),
    overridden_rules text not null default '',
    -- minutes by kind and the slot's burden in hundredths of a point, by the rules of the day
    weekday_minutes integer not null check (weekday_minutes >= 0),
    night_minutes integer not null check (night_minutes >= 0),
    weekend_minutes integer not null check (weekend_minutes >= 0),
    holiday_minutes integer not null check (holiday_minutes >= 0),
    points bigint not null check (points >= 0),
    escalation_order smallint not null,
    is_shadow boolean not null default false,
    unique (schedule_id, shift_id, role_id),
    foreign key (schedule_id, schedule_state) references schedules (id, state) on update cascade on delete cascade,
    check (starts_at < ends_at),
    -- nobody is in two places at once, whatever the team
    constraint nobody_twice exclude using gist
        (person_id with =, tstzrange(starts_at, ends_at) with &&)
        where (schedule_state = 'published')
);
create index assignments_shift on assignments (shift_id);
create index assignments_person on assignments (person_id, starts_at) where schedule_state = 'published';
create index assignments_time on assignments (starts_at) where schedule_state = 'published';

-- Published assignments, with what every reader wants to know of them.
create view on_call as
select a.id as assignment_id, a.schedule_id, a.shift_id, a.role_id, a.person_id, a.starts_at, a.ends_at,
    a.weekday_minutes, a.night_minutes, a.weekend_minutes, a.holiday_minutes, a.points,
    a.escalation_order, a.is_shadow, a.override_reason,
    s.rotation_id, s.leg_id, s.time_zone, s.revision as shift_revision, s.changed_at as shift_changed_at,
    r.team_id
from assignments a
join shifts s on s.id = a.shift_id
join rotations r on r.id = s.rotation_id
where a.schedule_state = 'published';

-- All that anybody served or will serve: published and imported.
create view carried as
select rotation_id, team_id, role_id, person_id, starts_at, ends_at,
    weekday_minutes, night_minutes, weekend_minutes, holiday_minutes, points, shift_id, is_shadow
from on_call where person_id is not null
union all
select p.rotation_id, r.team_id, p.role_id, p.person_id, p.starts_at, p.ends_at,
    p.weekday_minutes, p.night_minutes, p.weekend_minutes, p.holiday_minutes, p.points, null, false
from past_shifts p join rotations r on r.id = p.rotation_id;

-- What a feed shows of a shift also depends on names and contact methods: when they change, the
-- shifts that show them get a new revision. Feeds reach 60 days back.
create function touch_shifts_of_people(changed bigint[]) returns void language sql as $$
    update shifts s set revision = revision + 1, changed_at = now()
    where s.ends_at > now() - interval '60 days'
        and (exists (select from assignments a where a.shift_id = s.id
                and a.schedule_state = 'published' and a.person_id = any (changed))
            or exists (select from team_members m join rotations r on r.team_id = m.team_id
                where r.id = s.rotation_id and m.is_manager and m.person_id = any (changed)))
$$;

create function touch_on_contact() returns trigger language plpgsql as $$
begin
    perform touch_shifts_of_people(array [coalesce(new.person_id, old.person_id)]);
    return null;
end $$;
create trigger contact_methods_touch after insert or update or delete on contact_methods
    for each row execute function touch_on_contact();

create function touch_on_name() returns trigger language plpgsql as $$
begin
    perform touch_shifts_of_people(array [new.id]);
    return null;
end $$;
create trigger people_touch after update of name on people
    for each row when (old.name is distinct from new.name) execute function touch_on_name();

create function touch_on_manager() returns trigger language plpgsql as $$
begin
    update shifts s set revision = revision + 1, changed_at = now()
    from rotations r
    where r.id = s.rotation_id and r.team_id = coalesce(new.team_id, old.team_id)
        and s.ends_at > now() - interval '60 days';
    return null;
end $$;
create trigger team_members_touch after insert or update of is_manager or delete on team_members
    for each row execute function touch_on_manager();

create function touch_on_title() returns trigger language plpgsql as $$
begin
    update shifts s set revision = revision + 1, changed_at = now()
    where s.ends_at > now() - interval '60 days'
        and case tg_table_name
            when 'teams' then s.rotation_id in (select id from rotations where team_id = new.id)
            when 'rotations' then s.rotation_id = new.id
            when 'legs' then s.leg_id = new.id
            else exists (select from assignments a where a.shift_id = s.id and a.role_id = new.id)
        end;
    return null;
end $$;
create trigger teams_touch after update of name on teams
    for each row when (old.name is distinct from new.name) execute function touch_on_title();
create trigger rotations_touch after update of name on rotations
    for each row when (old.name is distinct from new.name) execute function touch_on_title();
create trigger roles_touch after update of name on roles
    for each row when (old.name is distinct from new.name) execute function touch_on_title();
create trigger legs_touch after update of name on legs
    for each row when (old.name is distinct from new.name) execute function touch_on_title();
