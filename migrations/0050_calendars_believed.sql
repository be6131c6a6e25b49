-- Until when what is known of a calendar says who is free: repeating entries are followed so far.
alter table sources add known_until timestamptz;
update sources set known_until = coalesce(parsed_at, good_at) + interval '400 days' where good_at is not null;

-- How fresh it is. Booked time is known where a calendar counts that says more than who is away, and as far
-- as all of them reach.
create or replace view calendar_freshness as
select person_id, count(*) as sources,
    count(*) filter (where failures > 0) as failing,
    count(good_at) as readable,
    min(good_at) as oldest_good_at,
    count(good_at) filter (where counts = 'busy') as booking,
    min(known_until) filter (where good_at is not null) as known_until
from sources group by person_id;

-- How often somebody tried to connect a calendar, or to upload one, since when.
create table source_attempts (
    person_id bigint primary key references people on delete cascade,
    since timestamptz not null,
    attempts integer not null check (attempts > 0)
);

-- A job about a person, in the transaction of the change that it follows from; one of each kind.
create function follow_up(kind text, person bigint) returns void language sql as $$
    insert into jobs (kind, key, lane, payload, created_at, due_at, next_at)
    values (kind, kind || ':' || person || ':' || pg_current_xact_id()::text, kind || ':' || person,
        jsonb_build_object('person', person), now(), now(), now())
    on conflict (key) do nothing
$$;

-- Who gets a published shift, by publication, by hand or as a cover: does their calendar have something
-- else then?
create function look_at_calendars_of_assigned() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform follow_up('calendar.clash', b.person_id)
            from (select distinct person_id from becomes
                where schedule_state = 'published' and person_id is not null and ends_at > now()) b
            where exists (select from sources s where s.person_id = b.person_id);
    else
        perform follow_up('calendar.clash', b.person_id)
            from (select distinct n.person_id from becomes n join was o on o.id = n.id
                where n.schedule_state = 'published' and n.person_id is not null and n.ends_at > now()
                and (o.schedule_state, o.person_id, o.starts_at, o.ends_at)
                    is distinct from (n.schedule_state, n.person_id, n.starts_at, n.ends_at)) b
            where exists (select from sources s where s.person_id = b.person_id);
    end if;
    return null;
end $$;
create trigger assignments_calendars_new after insert on assignments referencing new table as becomes
    for each statement execute function look_at_calendars_of_assigned();
create trigger assignments_calendars_changed after update on assignments
    referencing old table as was new table as becomes
    for each statement execute function look_at_calendars_of_assigned();

-- Whole days, and times without a zone, are by the clock of whoever owns the calendar, and so are
-- working hours.
create function read_calendars_anew() returns trigger language plpgsql as $$
begin
    perform follow_up('calendar.zone', new.id) where exists (select from sources where person_id = new.id);
    return null;
end $$;
create trigger people_zone_calendars after update of time_zone on people
    for each row when (old.time_zone <> new.time_zone) execute function read_calendars_anew();

-- Open planners show what clashes, and which calendars can't be read.
create function tell_plan_of_spans() returns trigger language plpgsql as $$
begin
    perform pg_notify('plan', team_id::text) from (
        select distinct m.team_id from (select distinct source_id from changed) c
            join sources s on s.id = c.source_id join team_members m on m.person_id = s.person_id) t;
    return null;
end $$;
create trigger source_spans_new_plan after insert on source_spans referencing new table as changed
    for each statement execute function tell_plan_of_spans();
create trigger source_spans_gone_plan after delete on source_spans referencing old table as changed
    for each statement execute function tell_plan_of_spans();
create trigger sources_gone_plan after delete on sources
    for each row execute function tell_plan('person', 'person_id');
create trigger sources_state_plan after update of failures, counts on sources for each row
    when ((old.failures > 0, old.counts) is distinct from (new.failures > 0, new.counts))
    execute function tell_plan('person', 'person_id');
