-- How published shifts come into a person's calendar by themselves. Who has no channel that has not
-- ended is left with feeds. One that has ended stays until what it delivered is taken back or past.
create table calendar_channels (
    id bigint generated always as identity primary key,
    person_id bigint not null references people on delete cascade,
    -- invitations by mail, or entries written into a calendar on a server
    kind text not null check (kind in ('mail', 'push')),
    -- who is invited, or the calendar's address
    target text not null check (length(target) between 3 and 2000),
    -- the calendar's name; empty for mail
    name text not null default '' check (length(name) <= 300),
    -- whose user and password open the calendar; null for mail, and when the account was removed
    source_id bigint references sources on delete set null,
    -- whether being on call paints the day busy
    busy boolean not null default false,
    chosen_at timestamptz not null,
    ended_at timestamptz,
    -- well; failing: tried again by itself; refused: user or password, or may not write; gone: there is
    -- no such calendar any more
    state text not null default 'well' check (state in ('well', 'failing', 'refused', 'gone')),
    problem text not null default '' check (length(problem) <= 500),
    -- since when it is so
    state_at timestamptz not null,
    -- attempts in a row that failed, and when the next one is made
    failures integer not null default 0 check (failures >= 0),
    retry_at timestamptz,
    -- when all was last delivered
    done_at timestamptz,
    check ((state = 'well') = (problem = ''))
);
-- One channel a person: with two, each shift would stand there twice.
create unique index calendar_channels_one on calendar_channels (person_id) where ended_at is null;
create index calendar_channels_source on calendar_channels (source_id) where source_id is not null;
create index calendar_channels_person on calendar_channels (person_id);

-- The ledger: what was delivered.
create table calendar_deliveries (
    id bigint generated always as identity primary key,
    channel_id bigint not null references calendar_channels on delete cascade,
    -- names the assignment; one that came back has another uid
    key text not null check (length(key) between 1 and 200),
    uid text not null check (length(uid) between 1 and 500),
    -- rises with all that is delivered under this uid
    sequence integer not null default 0 check (sequence >= 0),
    standing text not null default 'there' check (standing in ('there', 'conflict', 'kept', 'gone')),
    -- what was delivered last; for a pushed entry what is known to be there
    digest bytea check (length(digest) = 32),
    -- pushed: what was being written when nothing more was heard; empty: it was being removed
    intent bytea check (length(intent) in (0, 32)),
    -- pushed: where it is, and the server's name for the version that is known
    href text not null default '' check (length(href) <= 2500),
    etag text check (length(etag) <= 1000),
    -- what its owner did to it
    theirs text check (theirs in ('changed', 'removed')),
    -- when the shift is, as delivered, and what it is called
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    summary text not null check (length(summary) <= 1000),
    changed_at timestamptz not null,
    unique (channel_id, uid),
    check (starts_at < ends_at),
    check ((standing in ('conflict', 'kept')) = (theirs is not null))
);
create index calendar_deliveries_end on calendar_deliveries (channel_id, ends_at);

-- Whose calendar is to be brought up to date, in the transaction of the change. A job that waits and is
-- due will see this change, too: it is held until we are through, so that nobody takes it before. With
-- `retry` also a server is asked that refused us.
create function deliver_shifts_to(people bigint[], retry boolean default false) returns void language plpgsql as $$
declare
    person bigint;
begin
    for person in select c.person_id from calendar_channels c
        where c.person_id = any (people) and c.ended_at is null order by 1
    loop
        perform from jobs where lane = 'calendar.out:' || person and state = 'waiting' and next_at <= now()
        limit 1 for share skip locked;
        if retry or not found then
            insert into jobs (kind, key, lane, payload, created_at, due_at, next_at)
            values ('calendar.out',
                'calendar.out:' || person || case when retry then ':retry:' else ':' end || pg_current_xact_id()::text,
                'calendar.out:' || person, jsonb_build_object('person', person, 'retry', retry), now(), now(), now())
            on conflict (key) do nothing;
        end if;
    end loop;
end $$;

-- What raises a shift's revision changes what its entries say.
create function deliver_touched_shifts() returns trigger language plpgsql as $$
begin
    if exists (select from calendar_channels where ended_at is null) then
        perform deliver_shifts_to(array(
            select distinct a.person_id from touched t join assignments a on a.shift_id = t.id
            where a.schedule_state = 'published' and a.person_id is not null and t.ends_at > now()));
    end if;
    return null;
end $$;
create trigger shifts_deliver after update on shifts referencing new table as touched
    for each statement execute function deliver_touched_shifts();

-- Who has a slot now, and who had it.
create function deliver_assignments() returns trigger language plpgsql as $$
declare
    people bigint[] := '{}';
begin
    if not exists (select from calendar_channels where ended_at is null) then
        return null;
    end if;
    if tg_op <> 'INSERT' then
        people := people || array(select distinct person_id from was
            where schedule_state = 'published' and person_id is not null and ends_at > now());
    end if;
    if tg_op <> 'DELETE' then
        people := people || array(select distinct person_id from becomes
            where schedule_state = 'published' and person_id is not null and ends_at > now());
    end if;
    perform deliver_shifts_to(people);
    return null;
end $$;
create trigger assignments_deliver_new after insert on assignments referencing new table as becomes
    for each statement execute function deliver_assignments();
create trigger assignments_deliver_changed after update on assignments
    referencing old table as was new table as becomes
    for each statement execute function deliver_assignments();
create trigger assignments_deliver_gone after delete on assignments referencing old table as was
    for each statement execute function deliver_assignments();

-- Who leaves altogether gets nothing more.
create function deliver_on_leaving() returns trigger language plpgsql as $$
begin
    perform deliver_shifts_to(array [new.id]);
    return null;
end $$;
create trigger people_leave_deliver after update of left_on on people
    for each row when (old.left_on is distinct from new.left_on) execute function deliver_on_leaving();

-- An account has a new password, or is gone.
create function deliver_by_account() returns trigger language plpgsql as $$
begin
    perform deliver_shifts_to(array [old.person_id], true);
    return null;
end $$;
create trigger sources_deliver after update of secret on sources
    for each row when (old.secret is distinct from new.secret) execute function deliver_by_account();
create trigger sources_gone_deliver after delete on sources
    for each row execute function deliver_by_account();
