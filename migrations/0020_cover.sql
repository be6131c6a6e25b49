-- Somebody can't make a shift, and somebody else takes it.

-- A part of a shift can change hands: its slot is then served by several people one after the other,
-- each with an assignment of their own for their part. Parts of one slot never overlap.
alter table assignments drop constraint assignments_schedule_id_shift_id_role_id_key;
create unique index assignments_slot on assignments (schedule_id, shift_id, role_id, starts_at);
alter table assignments add constraint slot_filled_once exclude using gist
    (schedule_id with =, shift_id with =, role_id with =, tstzrange(starts_at, ends_at) with &&);

-- What a new version took over unchanged is left alone, part by part.
create or replace function touch_on_publication() returns trigger language plpgsql as $$
declare
    last bigint;
begin
    if tg_op = 'DELETE' then
        perform touch_slot(old.shift_id, old.role_id, old.starts_at, old.ends_at);
    elsif tg_op = 'UPDATE' and old.schedule_state = 'published' and new.schedule_state = 'published' then
        perform touch_slot(new.shift_id, new.role_id, new.starts_at, new.ends_at);
    elsif new.schedule_state = 'published' then
        select a.schedule_id into last
        from assignments a join schedules s on s.id = a.schedule_id
        where a.shift_id = new.shift_id and a.role_id = new.role_id and a.schedule_state = 'superseded'
        order by s.version desc limit 1;
        if not exists (select from assignments a
            where a.schedule_id = last and a.shift_id = new.shift_id and a.role_id = new.role_id
                and (a.person_id, a.escalation_order, a.is_shadow, a.starts_at, a.ends_at)
                    is not distinct from (new.person_id, new.escalation_order, new.is_shadow, new.starts_at, new.ends_at)) then
            perform touch_slot(new.shift_id, new.role_id, new.starts_at, new.ends_at);
        end if;
    elsif not exists (select from assignments a where a.shift_id = new.shift_id and a.role_id = new.role_id
            and a.schedule_state = 'published') then
        perform touch_slot(new.shift_id, new.role_id, new.starts_at, new.ends_at);
    end if;
    return null;
end $$;

-- Whether an agreement counts only when a manager approves it.
create table cover_settings (
    team_id bigint primary key references teams on delete cascade,
    needs_approval boolean not null default false
);

create table cover_requests (
    id bigint generated always as identity primary key,
    -- the slot, and the part of it that is asked for
    shift_id bigint not null references shifts on delete cascade,
    role_id bigint not null references roles on delete cascade,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- whose it is
    person_id bigint not null references people,
    kind text not null check (kind in ('cover', 'give', 'swap')),
    -- to whom it is given, or who swaps
    colleague_id bigint references people,
    -- what the colleague gives in return
    return_shift_id bigint references shifts on delete cascade,
    return_role_id bigint references roles on delete cascade,
    return_starts_at timestamptz,
    return_ends_at timestamptz,
    state text not null default 'open'
        check (state in ('open', 'agreed', 'covered', 'withdrawn', 'closed', 'lapsed')),
    reason text not null default '' check (length(reason) <= 2000),
    is_leave boolean not null default false,
    -- the team's setting when it was made
    needs_approval boolean not null,
    made_by bigint not null references people,
    made_at timestamptz not null,
    -- nobody can agree any more: the start, or for a shift that was running already the end
    open_until timestamptz not null,
    -- who agreed, since when, and until when either side may take it back
    taker_id bigint references people,
    agreed_at timestamptz,
    undo_until timestamptz,
    -- nobody is left to be asked, and the managers were told
    exhausted_at timestamptz,
    ended_at timestamptz,
    end_note text not null default '' check (length(end_note) <= 2000),
    -- raised by every change of state
    revision integer not null default 1,
    check (starts_at < ends_at),
    check ((kind = 'cover') = (colleague_id is null)),
    check ((kind = 'swap') = (return_shift_id is not null)),
    check (num_nulls(return_shift_id, return_role_id, return_starts_at, return_ends_at) in (0, 4)),
    check (return_starts_at < return_ends_at),
    check ((state in ('agreed', 'covered')) = (taker_id is not null)),
    check ((taker_id is null) = (agreed_at is null)),
    check (undo_until is null or state = 'covered'),
    check ((state in ('open', 'agreed')) = (ended_at is null)),
    check (taker_id is distinct from person_id),
    -- nothing is asked for twice at once
    constraint cover_asked_for_once exclude using gist
        (shift_id with =, role_id with =, tstzrange(starts_at, ends_at) with &&)
        where (state in ('open', 'agreed'))
);
create index cover_requests_slot on cover_requests (shift_id, role_id);
create index cover_requests_role on cover_requests (role_id, starts_at);
create index cover_requests_person on cover_requests (person_id, made_at);
create index cover_requests_return on cover_requests (return_shift_id, return_role_id) where return_shift_id is not null;

create table cover_offers (
    id bigint generated always as identity primary key,
    request_id bigint not null references cover_requests on delete cascade,
    person_id bigint not null references people,
    -- how it came: as the best replacement, with everybody, by a manager's or the requester's choice, by
    -- themselves, or assigned by a manager
    origin text not null check (origin in ('ranked', 'everybody', 'named', 'volunteer', 'assigned')),
    state text not null check (state in ('asked', 'agreed', 'declined', 'lapsed', 'withdrawn', 'undone')),
    -- what spoke for them
    why text not null default '' check (length(why) <= 500),
    asked_at timestamptz not null,
    answer_by timestamptz,
    answered_at timestamptz,
    note text not null default '' check (length(note) <= 2000),
    -- of the link in the mail; none where nobody was asked
    token_hash bytea unique check (length(token_hash) = 32),
    -- raised when the same person is asked anew after an undo; an old link is worth nothing then
    revision integer not null default 1,
    -- nobody is asked twice
    unique (request_id, person_id),
    check (state <> 'asked' or (token_hash is not null and answer_by is not null))
);
create unique index cover_offers_one_winner on cover_offers (request_id) where state = 'agreed';
create index cover_offers_person on cover_offers (person_id, asked_at);

-- Every step of a request; rows are only ever added.
create table cover_events (
    id bigint generated always as identity primary key,
    request_id bigint not null references cover_requests on delete cascade,
    at timestamptz not null,
    actor_id bigint references people,
    action text not null check (action in ('made', 'asked', 'agreed', 'volunteered', 'assigned', 'declined',
        'ran_out', 'approved', 'refused', 'undone', 'covered', 'withdrawn', 'closed', 'exhausted', 'lapsed')),
    -- whom it is about
    person_id bigint references people,
    note text not null default ''
);
create index cover_events_request on cover_events (request_id, id);

-- The state machine: the same table as in the code.
create function check_cover_request() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state = 'open' then return new; end if;
    elsif new.state = old.state or (old.state, new.state) in (
        ('open', 'agreed'), ('open', 'covered'), ('open', 'withdrawn'), ('open', 'closed'), ('open', 'lapsed'),
        ('agreed', 'open'), ('agreed', 'covered'), ('agreed', 'withdrawn'), ('agreed', 'closed'), ('agreed', 'lapsed'),
        ('covered', 'open'), ('covered', 'withdrawn')) then
        new.revision := old.revision + 1;
        return new;
    end if;
    raise exception 'a cover request can''t go from % to %', case when tg_op = 'INSERT' then 'nothing' else old.state end, new.state
        using errcode = 'check_violation', constraint = 'cover_request_transition';
end $$;
create trigger cover_request_transition before insert or update on cover_requests
    for each row execute function check_cover_request();

create function check_cover_offer() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state in ('asked', 'agreed') then return new; end if;
    elsif new.state = old.state or (old.state, new.state) in (
        ('asked', 'agreed'), ('asked', 'declined'), ('asked', 'lapsed'), ('asked', 'withdrawn'),
        ('declined', 'agreed'), ('lapsed', 'agreed'), ('withdrawn', 'agreed'), ('undone', 'agreed'),
        ('withdrawn', 'asked'),
        ('agreed', 'undone'), ('agreed', 'withdrawn')) then
        return new;
    end if;
    raise exception 'a cover offer can''t go from % to %', case when tg_op = 'INSERT' then 'nothing' else old.state end, new.state
        using errcode = 'check_violation', constraint = 'cover_offer_transition';
end $$;
create trigger cover_offer_transition before insert or update on cover_offers
    for each row execute function check_cover_offer();

-- Looked at when the transaction ends: who agreed is who takes it, and nobody is being asked for what
-- is settled.
create function check_cover() returns trigger language plpgsql as $$
declare
    request bigint;
    r record;
    winner bigint;
begin
    if tg_table_name = 'cover_requests' then request := new.id; else request := new.request_id; end if;
    select * into r from cover_requests where id = request;
    if not found then return null; end if;
    select person_id into winner from cover_offers where request_id = request and state = 'agreed';
    if winner is distinct from r.taker_id then
        raise exception 'cover request %: % takes it, but % agreed', request, r.taker_id, winner
            using errcode = 'check_violation', constraint = 'cover_one_outcome';
    end if;
    if r.state <> 'open' and exists (select from cover_offers where request_id = request and state = 'asked') then
        raise exception 'cover request % is %, but somebody is being asked', request, r.state
            using errcode = 'check_violation', constraint = 'cover_one_outcome';
    end if;
    return null;
end $$;
create constraint trigger cover_requests_outcome after insert or update on cover_requests
    deferrable initially deferred for each row execute function check_cover();
create constraint trigger cover_offers_outcome after insert or update on cover_offers
    deferrable initially deferred for each row execute function check_cover();

-- A new version of the schedule that takes the slot from who asked to be covered, or from who gives
-- something in return, closes the request; one that leaves it carries it over. So none ever dangles.
create function close_cover() returns trigger language plpgsql as $$
declare
    r record;
    stands boolean;
    at timestamptz;
begin
    for r in select * from cover_requests
        where state in ('open', 'agreed')
            and ((shift_id = old.shift_id and role_id = old.role_id)
                or (return_shift_id = old.shift_id and return_role_id = old.role_id))
        for update
    loop
        stands := exists (select from assignments
                where shift_id = r.shift_id and role_id = r.role_id and schedule_state = 'published'
                    and person_id = r.person_id and starts_at <= r.starts_at and ends_at >= r.ends_at)
            and (r.return_shift_id is null or exists (select from assignments
                where shift_id = r.return_shift_id and role_id = r.return_role_id and schedule_state = 'published'
                    and person_id = r.colleague_id and starts_at <= r.return_starts_at and ends_at >= r.return_ends_at));
        if not stands then
            select greatest(max(s.updated_at), r.made_at) into at
            from schedules s join shifts x on x.rotation_id = s.rotation_id where x.id = r.shift_id;
            update cover_offers set state = 'withdrawn' where request_id = r.id and state in ('asked', 'agreed');
            update cover_requests set state = 'closed', taker_id = null, agreed_at = null, ended_at = at,
                end_note = 'The schedule changed: this time belongs to somebody else now.'
            where id = r.id;
            insert into cover_events (request_id, at, action, note)
            values (r.id, at, 'closed', 'The schedule changed: this time belongs to somebody else now.');
            -- whoever it concerns is told
            insert into jobs (kind, key, lane, payload, created_at, due_at, next_at)
            values ('cover.closed', 'cover.closed:' || r.id, 'cover:' || r.id,
                jsonb_build_object('request', r.id), at, at, at)
            on conflict (key) do nothing;
        end if;
    end loop;
    return null;
end $$;
create constraint trigger assignments_cover after update or delete on assignments
    deferrable initially deferred for each row
    when (old.schedule_state = 'published' and old.person_id is not null)
    execute function close_cover();

-- What pages below this slice show: what is being asked for, and who is being asked.
create view covers_open as
select r.id as request_id, r.state, r.kind, r.shift_id, r.role_id, r.person_id, p.name as person_name,
    r.starts_at, r.ends_at, r.colleague_id, r.made_at, o.name as role_name, t.id as team_id, t.name as team_name, t.slug,
    r.exhausted_at is not null as is_exhausted,
    (select count(*) from cover_offers f where f.request_id = r.id and f.state = 'asked') as asked
from cover_requests r
join people p on p.id = r.person_id
join roles o on o.id = r.role_id
join rotations n on n.id = o.rotation_id
join teams t on t.id = n.team_id
where r.state in ('open', 'agreed');

create view covers_asked as
select f.person_id as asked_id, f.answer_by, c.*
from cover_offers f join covers_open c on c.request_id = f.request_id
where f.state = 'asked';

-- How often each person was asked to cover, agreed, said no or didn't answer.
create view cover_answers as
select n.team_id, f.person_id, f.state, f.origin, f.asked_at
from cover_offers f
join cover_requests r on r.id = f.request_id
join roles o on o.id = r.role_id
join rotations n on n.id = o.rotation_id;
